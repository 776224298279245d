import RegistryCore

/// A digest in a column: the algorithm's multihash code and the hash, so that the order of the bytes is the order of
/// digests.
extension Digest {
  var column: [UInt8] { [algorithm.multihashCode] + hash }

  init?(column: [UInt8]) {
    guard let code = column.first, let algorithm = Algorithm(multihashCode: code),
      column.count == 1 + algorithm.byteCount
    else { return nil }
    self.init(algorithm: algorithm, hash: Array(column.dropFirst()))
  }
}

extension Digest.Algorithm {
  fileprivate var multihashCode: UInt8 {
    switch self {
    case .sha256: 0x12
    case .sha512: 0x13
    }
  }

  fileprivate init?(multihashCode: UInt8) {
    switch multihashCode {
    case 0x12: self = .sha256
    case 0x13: self = .sha512
    default: return nil
    }
  }
}
