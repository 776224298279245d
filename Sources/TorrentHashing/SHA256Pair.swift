import CHash

/// SHA-256 over one state, or two that take the same blocks (FIPS 180-4), by the processor's own instructions.
enum SHA256Pair {
  typealias State = shoal_sha256_state

  static let blockBytes = 64
  static let hashBytes = 32

  /// Whether this processor can; nothing below may be called where it cannot.
  static let isHere = shoal_sha256_has_pair()

  /// FIPS 180-4, 5.3.3.
  static let initial = State(
    words: (
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
    ))

  /// - Parameter blocks: whole ones.
  static func take(_ blocks: UnsafeRawBufferPointer, into left: inout State, _ right: inout State) {
    assert(blocks.count.isMultiple(of: blockBytes), "a block is 64 bytes")
    guard let start = blocks.baseAddress else { return }
    shoal_sha256_pair(&left, &right, start, blocks.count / blockBytes)
  }

  static func take(_ blocks: UnsafeRawBufferPointer, into state: inout State) {
    assert(blocks.count.isMultiple(of: blockBytes), "a block is 64 bytes")
    guard let start = blocks.baseAddress else { return }
    shoal_sha256_one(&state, start, blocks.count / blockBytes)
  }

  /// The hash, after the padding of FIPS 180-4, 5.1.1.
  /// - Parameters:
  ///   - rest: the message's bytes after the last block taken.
  ///   - byteCount: of the whole message.
  static func finish(_ state: State, with rest: [UInt8], after byteCount: Int64) -> [UInt8] {
    finish(state, with: padded(rest, byteCount: byteCount))
  }

  /// - Parameter padding: the message's last blocks, as `padded` makes them.
  static func finish(_ state: State, with padding: [UInt8]) -> [UInt8] {
    var state = state
    padding.withUnsafeBytes { take($0, into: &state) }
    return [UInt8](unsafeUninitializedCapacity: hashBytes) { place, count in
      withUnsafeBytes(of: state.words) { words in
        for at in 0..<hashBytes / 4 {
          let word = words.load(fromByteOffset: at * 4, as: UInt32.self).bigEndian
          UnsafeMutableRawBufferPointer(place).storeBytes(of: word, toByteOffset: at * 4, as: UInt32.self)
        }
      }
      count = hashBytes
    }
  }

  static func padded(_ rest: [UInt8], byteCount: Int64) -> [UInt8] {
    let zeros = (2 * blockBytes - 9 - rest.count) % blockBytes
    return rest + [0x80] + [UInt8](repeating: 0, count: zeros)
      + withUnsafeBytes(of: (byteCount * 8).bigEndian, Array.init)
  }
}
