import BlockingWork
import OpenSSLKit

@testable import Wire

/// Takes streams by a closure, and remembers whose they were.
final class ClosureTaker: StreamTaker {
  typealias Take = @Sendable (SecureStream) async throws -> Void

  private let body: Take
  private let record = Lock<[String]>([])
  private let ended = Lock<[String]>([])

  init(_ body: @escaping Take) { self.body = body }

  /// Identities of the peers so far.
  var peers: [String] { record.withLock(\.self) }
  /// How they ended: "done", or the failure.
  var ends: [String] { ended.withLock(\.self) }

  func take(_ stream: SecureStream) async {
    record.withLock { $0.append(hex(stream.peer?.identity)) }
    do {
      try await body(stream)
      ended.withLock { $0.append("done") }
    } catch {
      ended.withLock { $0.append((error as? StreamFailure).map { "\($0.kind)" } ?? "\(error)") }
    }
  }

  /// Sends back messages of four bytes until one says "done".
  static func echo() -> ClosureTaker {
    ClosureTaker { stream in
      while true {
        let word = try await stream.receive(4, within: .seconds(60))
        try await stream.send(word, within: .seconds(60))
        if word == Array("done".utf8) { return }
      }
    }
  }
}

/// The name of what the takers of these tests speak.
let echoProtocol = "test-echo/1"
