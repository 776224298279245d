import OpenSSLKit

/// The SHA-256 of a file and its version 2 torrent hashes, in one pass over bytes that come in chunks of any length.
///
/// Where the processor allows it both go through SHA-256's unit together (`SHA256Pair`): measured, 0.75 of the time that
/// one after the other takes. A second thread may take over a part of the leaves (`SharedLeaves`): the digest alone has to
/// be computed from the front to the end.
public struct DigestLeafPass: ~Copyable, Sendable {
  private var together: PairedPass?
  // One after the other, elsewhere.
  private var whole: StreamingHash?
  private var leaves: LeafPass?

  /// - Parameter pieceBytes: as `LeafPass` takes it.
  public init(pieceBytes: @escaping @Sendable (Int64) -> Int) {
    self.init(pieceBytes: pieceBytes, inPairs: SHA256Pair.isHere)
  }

  init(pieceBytes: @escaping @Sendable (Int64) -> Int, inPairs: Bool) {
    if inPairs {
      together = PairedPass(pieceBytes: pieceBytes)
    } else {
      whole = StreamingHash(.sha256)
      leaves = LeafPass(pieceBytes: pieceBytes)
    }
  }

  public mutating func take(_ bytes: UnsafeRawBufferPointer) {
    together?.take(bytes)
    whole?.update(bytes)
    leaves?.take(bytes)
  }

  /// - Parameter help: runs its argument on another thread when one is free, soon or never.
  public mutating func take(_ chunks: [[UInt8]], help: (@escaping @Sendable () -> Void) -> Void) {
    if together != nil {
      together?.take(chunks, help: help)
    } else {
      for chunk in chunks { chunk.withUnsafeBytes { take($0) } }
    }
  }

  /// - Returns: the file's SHA-256, and what `LeafPass` returns.
  public consuming func finish() -> (hash: [UInt8], leaves: LeafPass.Facts?) {
    if let together = together.take() { return together.finish() }
    guard let whole = whole.take() else { preconditionFailure("a pass is finished once") }
    return (whole.finish(), leaves.take()?.finish())
  }
}

/// Two hashes over the same bytes that both begin where a leaf does. Leaves are whole blocks of the hash, so that the two
/// never stand at different places in a block.
private struct PairedPass: ~Copyable, Sendable {
  private var whole = SHA256Pair.initial
  private var leaf = SHA256Pair.initial
  private var tree: LeafPass
  private var size: Int64 = 0
  /// Bytes that do not fill a block yet.
  private var rest: [UInt8] = []
  /// What a helper has a share in, of the chunks that are being taken.
  private var shared: SharedLeaves?
  /// The leaf that is being taken is the helper's: only the whole takes it.
  private var isHelped = false

  private static let blockBytes = SHA256Pair.blockBytes
  /// What follows a full leaf.
  private static let leafPadding = SHA256Pair.padded([], byteCount: Int64(LeafPass.leafBytes))

  init(pieceBytes: @escaping @Sendable (Int64) -> Int) {
    tree = LeafPass(pieceBytes: pieceBytes)
    rest.reserveCapacity(Self.blockBytes)
  }

  mutating func take(_ chunks: [[UInt8]], help: (@escaping @Sendable () -> Void) -> Void) {
    shared = SharedLeaves(chunks, after: size + Int64(rest.count))
    if let shared { help { shared.help() } }
    for chunk in chunks { chunk.withUnsafeBytes { take($0) } }
    // The helper's leaves are the last whole ones: all before them are in the tree.
    for hash in shared?.close() ?? [] { tree.take(leafHash: hash, byteCount: LeafPass.leafBytes) }
    shared = nil
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var bytes = bytes[...]
    if !rest.isEmpty {
      let filling = bytes.prefix(Self.blockBytes - rest.count)
      rest += filling
      bytes = bytes.dropFirst(filling.count)
      guard rest.count == Self.blockBytes else { return }
      let block = rest
      rest.removeAll(keepingCapacity: true)
      block.withUnsafeBytes { takeBlocks($0) }
    }
    let blocks = bytes.prefix(bytes.count - bytes.count % Self.blockBytes)
    takeBlocks(UnsafeRawBufferPointer(rebasing: blocks))
    rest += bytes.dropFirst(blocks.count)
  }

  consuming func finish() -> (hash: [UInt8], leaves: LeafPass.Facts?) {
    let leafFill = leafFill + rest.count
    if leafFill > 0 {
      tree.take(leafHash: SHA256Pair.finish(leaf, with: rest, after: Int64(leafFill)), byteCount: leafFill)
    }
    return (SHA256Pair.finish(whole, with: rest, after: size + Int64(rest.count)), tree.finish())
  }

  /// Of whole blocks.
  private var leafFill: Int { Int(size % Int64(LeafPass.leafBytes)) }

  private mutating func takeBlocks(_ blocks: UnsafeRawBufferPointer) {
    var blocks = blocks[...]
    while !blocks.isEmpty {
      if leafFill == 0 { isHelped = shared.map { !$0.claim(Int(size / Int64(LeafPass.leafBytes))) } ?? false }
      let part = blocks.prefix(LeafPass.leafBytes - leafFill)
      if isHelped {
        SHA256Pair.take(UnsafeRawBufferPointer(rebasing: part), into: &whole)
      } else {
        SHA256Pair.take(UnsafeRawBufferPointer(rebasing: part), into: &whole, &leaf)
      }
      size += Int64(part.count)
      blocks = blocks.dropFirst(part.count)
      if leafFill == 0, !isHelped { closeLeaf() }
    }
  }

  private mutating func closeLeaf() {
    let hash = SHA256Pair.finish(leaf, with: Self.leafPadding)
    tree.take(leafHash: hash, byteCount: LeafPass.leafBytes)
    leaf = SHA256Pair.initial
  }
}
