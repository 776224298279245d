/// Bytes as people write them in specifications.
func bytes(hex text: String) -> [UInt8] {
  let digits = text.utf8.filter { $0 > 0x20 }.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
