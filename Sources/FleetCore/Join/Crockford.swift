/// Bytes as letters, five bits each, without letters that look alike (Crockford's base 32). Lowercase only: one spelling.
enum Crockford {
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var letters: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for byte in bytes {
      (bits, count) = (bits << 8 | UInt32(byte), count + 8)
      while count >= 5 {
        count -= 5
        letters.append(alphabet[Int(bits >> UInt32(count) & 31)])
      }
    }
    if count > 0 { letters.append(alphabet[Int(bits << UInt32(5 - count) & 31)]) }
    return String(decoding: letters, as: UTF8.self)
  }

  /// `nil`: a letter that is not in the alphabet. Bits that make no whole byte are dropped: whoever wants one spelling
  /// compares.
  static func decode(_ letters: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for letter in letters {
      guard let value = alphabet.firstIndex(of: letter) else { return nil }
      (bits, count) = (bits << 5 | UInt32(value), count + 5)
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}

/// Against accidents, not against intent.
enum CheckSum {
  /// As in Ethernet and gzip (IEEE 802.3, reflected).
  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
