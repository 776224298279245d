import OpenSSLKit

/// A row of a version 2 hash tree (BEP 52, "pieces root"): SHA-256 hashes side by side, all of nodes with the same height.
///
/// What lies behind the file's end is leaves of 32 zero bytes, and a node that has only such leaves below it has a hash
/// that depends on nothing but its height: the row's padding.
struct HashRow: Sendable {
  static let hashBytes = 32

  private(set) var bytes: [UInt8]
  /// Of the nodes above the leaves: a leaf's own is 0.
  private(set) var height: Int

  var count: Int { bytes.count / Self.hashBytes }

  init(_ bytes: [UInt8] = [], height: Int) {
    precondition(bytes.count.isMultiple(of: Self.hashBytes), "a row is whole hashes")
    self.bytes = bytes
    self.height = height
  }

  mutating func append(_ hash: some Sequence<UInt8>) { bytes.append(contentsOf: hash) }

  /// The row of the parents, in place. An odd last node is paired with padding.
  mutating func halve(_ hash: inout StreamingHash) {
    if !count.isMultiple(of: 2) { append(Self.padding(height: height, &hash)) }
    let parents = count / 2
    bytes.withUnsafeMutableBytes { row in
      for parent in 0..<parents {
        hash.update(UnsafeRawBufferPointer(rebasing: row[(parent * 64)..<(parent * 64 + 64)]))
        hash.finishAndRestart(into: row.baseAddress! + parent * Self.hashBytes)
      }
    }
    bytes.removeLast(parents * Self.hashBytes)
    height += 1
  }

  /// The hash of the smallest tree that has the whole row in it.
  func root(_ hash: inout StreamingHash) -> [UInt8] {
    var row = self
    while row.count > 1 { row.halve(&hash) }
    return row.bytes
  }

  static func padding(height: Int, _ hash: inout StreamingHash) -> [UInt8] {
    var node = [UInt8](repeating: 0, count: hashBytes)
    for _ in 0..<height {
      hash.update(node)
      hash.update(node)
      node.withUnsafeMutableBytes { hash.finishAndRestart(into: $0.baseAddress!) }
    }
    return node
  }
}
