import BlockingWork
import RegistryCore

/// A fetch store that stops where a test wants it to, until it is let go on. What it stands on is known only after the
/// bench that it belongs to.
final class HeldFetchStore: FetchStore {
  enum Place: Hashable, Sendable { case begin, seal }

  private struct State {
    var held: Set<Place> = []
    var arrived: [Place: Int] = [:]
    var waiting: [Place: [CheckedContinuation<Void, Never>]] = [:]
  }

  private let store = Lock<(any FetchStore)?>(nil)
  private let state = Lock(State())

  func stand(on given: any FetchStore) { store.withLock { $0 = given } }

  func hold(_ place: Place) { state.withLock { _ = $0.held.insert(place) } }

  func release(_ place: Place) {
    let waiting = state.withLock { state in
      state.held.remove(place)
      return state.waiting.removeValue(forKey: place) ?? []
    }
    for continuation in waiting { continuation.resume() }
  }

  /// How many came to the place so far.
  func arrived(at place: Place) -> Int { state.withLock { $0.arrived[place] ?? 0 } }

  fileprivate func pass(_ place: Place) async {
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        state.arrived[place, default: 0] += 1
        guard state.held.contains(place) else { return false }
        state.waiting[place, default: []].append(continuation)
        return true
      }
      if !isHeld { continuation.resume() }
    }
  }

  func begin(_ digest: Digest, size: Int64, note: [UInt8]) async throws(RegistryError) -> any FetchSink {
    await pass(.begin)
    guard let store = store.withLock({ $0 }) else { throw RegistryError(.internal, "no store yet") }
    return HeldFetchSink(sink: try await store.begin(digest, size: size, note: note), store: self)
  }

  func unfinished() async throws(RegistryError) -> [UnfinishedFetch] {
    try await store.withLock { $0 }?.unfinished() ?? []
  }
}

private struct HeldFetchSink: FetchSink {
  let sink: any FetchSink
  let store: HeldFetchStore

  var file: BlobFile { sink.file }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    try await sink.read(from: offset, count: count)
  }

  func write(_ bytes: [UInt8], at offset: Int64) async throws(RegistryError) {
    try await sink.write(bytes, at: offset)
  }

  func digest(upTo offset: Int64) async throws(RegistryError) { try await sink.digest(upTo: offset) }

  func seal() async throws(RegistryError) -> SealedBlob {
    await store.pass(.seal)
    return try await sink.seal()
  }

  func keep(note: [UInt8]) async throws(RegistryError) { try await sink.keep(note: note) }

  func pause() async { await sink.pause() }

  func cancel() async { await sink.cancel() }
}
