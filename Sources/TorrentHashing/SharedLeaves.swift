import BlockingWork
import OpenSSLKit

/// Whole leaves in a row that two threads hash: the owner, who goes over all bytes anyway, from the front, and a helper
/// from the back, until they meet. A helper that never gets a core costs nothing: nobody waits for it.
public final class SharedLeaves: Sendable {
  private struct State {
    /// Leaves that nobody has claimed yet.
    var free: Range<Int>
    /// Of the leaves behind `free`, as the helper finishes them.
    var hashes: [Int: [UInt8]] = [:]
    /// Let go of by `close`: a helper that comes late holds nothing.
    var chunks: [[UInt8]]
  }

  /// The leaves' numbers in their file.
  let leaves: Range<Int>
  /// Of the first one's bytes, in the chunks.
  private let offset: Int
  /// The first leaf that the helper may have.
  private let helpedFrom: Int
  private let state: Lock<State>

  /// A leaf costs the owner, who has the digest's rounds to put it between, half of what it costs the helper. So the
  /// helper gets what makes both ready at once and no more: on two busy cores a push with torrents had 0.90 of the speed
  /// of one without, where all that the helper could get gave 0.77, and nothing 0.81.
  private static let helpedShare = 0.3

  /// Fewer are hashed sooner than a thread wakes up.
  private static let leastLeaves = 8

  /// - Parameter size: of the file before these chunks.
  /// - Returns: `nil` when there is too little to share.
  init?(_ chunks: [[UInt8]], after size: Int64) {
    let leafBytes = Int64(LeafPass.leafBytes)
    let byteCount = chunks.reduce(0) { $0 + $1.count }
    let first = (size + leafBytes - 1) / leafBytes
    let end = (size + Int64(byteCount)) / leafBytes
    guard end - first >= Self.leastLeaves else { return nil }
    leaves = Int(first)..<Int(end)
    helpedFrom = leaves.upperBound - Int(Double(leaves.count) * Self.helpedShare)
    offset = Int(first * leafBytes - size)
    state = Lock(State(free: leaves, chunks: chunks))
  }

  /// The helper: hashes from the back what nobody has claimed. On a thread of its own.
  public func help() {
    var hash = StreamingHash(.sha256)
    while let (leaf, chunks) = claimLast() {
      let bytes = hashed(leaf, of: chunks, &hash)
      state.withLock { $0.hashes[leaf] = bytes }
    }
  }

  /// Whether the leaf is the owner's: claimed just now, or none of those that are shared.
  func claim(_ leaf: Int) -> Bool {
    guard leaves.contains(leaf) else { return true }
    return state.withLock { state in
      guard state.free.contains(leaf) else { return false }
      state.free = (leaf + 1)..<state.free.upperBound
      return true
    }
  }

  /// The hashes of the leaves that the helper claimed, in order. One that it has not finished (another thread may have
  /// its core) is hashed here: that takes some microseconds, and waiting might take milliseconds.
  func close() -> [[UInt8]] {
    let (state, first) = self.state.withLock { state in
      defer { state.chunks = [] }
      return (state, state.free.upperBound)
    }
    var hash = StreamingHash(.sha256)
    return (first..<leaves.upperBound).map { state.hashes[$0] ?? hashed($0, of: state.chunks, &hash) }
  }

  func claimLast() -> (leaf: Int, chunks: [[UInt8]])? {
    state.withLock { state in
      guard !state.free.isEmpty, !state.chunks.isEmpty, state.free.upperBound > helpedFrom else { return nil }
      state.free = state.free.lowerBound..<(state.free.upperBound - 1)
      return (state.free.upperBound, state.chunks)
    }
  }

  private func hashed(_ leaf: Int, of chunks: [[UInt8]], _ hash: inout StreamingHash) -> [UInt8] {
    var skipped = offset + (leaf - leaves.lowerBound) * LeafPass.leafBytes
    var missing = LeafPass.leafBytes
    for chunk in chunks where missing > 0 {
      guard skipped < chunk.count else {
        skipped -= chunk.count
        continue
      }
      let part = skipped..<min(chunk.count, skipped + missing)
      chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[part])) }
      missing -= part.count
      skipped = 0
    }
    return [UInt8](unsafeUninitializedCapacity: HashRow.hashBytes) { place, count in
      // A buffer of that capacity has an address.
      hash.finishAndRestart(into: place.baseAddress!)
      count = HashRow.hashBytes
    }
  }
}
