import RegistryCore

/// A node and a few numbers in a fixed number of bytes: many of them travel in one message.
protocol Packed {
  static var byteCount: Int { get }
  var packed: [UInt8] { get }
  /// - Parameter bytes: `byteCount` of them.
  init?(packed bytes: ArraySlice<UInt8>)
}

extension WriterHead: Packed {
  static let byteCount = NodeID.byteCount + 24

  var packed: [UInt8] {
    writer.node.bytes + UInt64(writer.epoch).bigEndianBytes + UInt64(sequence).bigEndianBytes + hash.bigEndianBytes
  }

  init?(packed bytes: ArraySlice<UInt8>) {
    guard let (node, numbers) = unpack(bytes), let epoch = Int64(exactly: numbers[0]), epoch >= 1,
      let sequence = Int64(exactly: numbers[1])
    else { return nil }
    self.init(writer: WriterID(node: node, epoch: epoch), sequence: sequence, hash: numbers[2])
  }
}

extension Want: Packed {
  static let byteCount = NodeID.byteCount + 16

  var packed: [UInt8] { writer.node.bytes + UInt64(writer.epoch).bigEndianBytes + UInt64(after).bigEndianBytes }

  init?(packed bytes: ArraySlice<UInt8>) {
    guard let (node, numbers) = unpack(bytes), let epoch = Int64(exactly: numbers[0]), epoch >= 1,
      let after = Int64(exactly: numbers[1])
    else { return nil }
    self.init(writer: WriterID(node: node, epoch: epoch), after: after)
  }
}

extension Suspicion: Packed {
  static let byteCount = NodeID.byteCount + 8

  var packed: [UInt8] { node.bytes + UInt64(incarnation).bigEndianBytes }

  init?(packed bytes: ArraySlice<UInt8>) {
    guard let (node, numbers) = unpack(bytes), let incarnation = Int64(exactly: numbers[0]),
      incarnation <= MemberCard.incarnationLimit
    else { return nil }
    self.init(node: node, incarnation: incarnation)
  }
}

private func unpack(_ bytes: ArraySlice<UInt8>) -> (NodeID, [UInt64])? {
  guard let node = NodeID(Array(bytes.prefix(NodeID.byteCount))) else { return nil }
  let rest = bytes.dropFirst(NodeID.byteCount)
  let numbers = stride(from: rest.startIndex, to: rest.endIndex, by: 8).map { UInt64(bigEndian: rest[$0..<$0 + 8]) }
  return (node, numbers)
}
