import BlockingWork
import CurlKit
import Wire

/// So many bytes, piece by piece, made when they are asked for. Counts what was asked.
final class CountedBytes: ResponseStream, HTTPBodySource {
  private let left: Lock<Int>
  private let piece: [UInt8]
  let total: Int

  init(_ count: Int, pieceBytes: Int = 128 << 10) {
    total = count
    left = Lock(count)
    piece = patterned(pieceBytes)
  }

  var givenBytes: Int { total - left.withLock { $0 } }

  func next() async throws -> [UInt8]? {
    let count = left.withLock { left in
      let count = min(left, piece.count)
      left -= count
      return count
    }
    guard count > 0 else { return nil }
    return count == piece.count ? piece : Array(piece[..<count])
  }
}

/// Bytes that never come, until their task is cancelled.
final class EndlessWait: ResponseStream, HTTPBodySource {
  private let state = Lock((wasAsked: false, wasCancelled: false))

  var wasAsked: Bool { state.withLock { $0.wasAsked } }
  var wasCancelled: Bool { state.withLock { $0.wasCancelled } }

  func next() async throws -> [UInt8]? {
    state.withLock { $0.wasAsked = true }
    do {
      try await Task.sleep(for: .seconds(100_000))
    } catch {
      state.withLock { $0.wasCancelled = true }
      throw error
    }
    return nil
  }
}

/// Pieces, and then an error.
struct FailingSource: HTTPBodySource {
  struct Broken: Error {}

  let good = CountedBytes(1_000_000)

  func next() async throws -> [UInt8]? {
    guard let piece = try await good.next() else { throw Broken() }
    return piece
  }
}

func patterned(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ $0 >> 16) }
}

/// Reads a request's body to its end: how many bytes it had; -1 when it broke off.
func count(_ body: any RequestBody) async -> Int {
  var count = 0
  do {
    while let piece = try await body.next() { count += piece.count }
    return count
  } catch {
    return -1
  }
}

func text(_ text: String, status: Int = 200) -> Response { Response(status: status, body: .bytes(Array(text.utf8))) }

extension HTTPAnswer {
  var text: String { String(decoding: body, as: UTF8.self) }
}
