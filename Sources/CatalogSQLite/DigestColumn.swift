import RegistryCore

/// A digest in a column: spelled as in claims, so that the order of the bytes is the order of digests.
extension Digest {
  var column: [UInt8] { multihash }

  init?(column: [UInt8]) { self.init(multihash: column) }
}
