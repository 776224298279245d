/// What is tried on invitations as somebody pastes them. Compiled together with the cores' own files by
/// `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted is written as it was pasted. Since chance meets no checksum, the bytes are also
/// tried as what stands under a right one.
func fuzzToken(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  check(String(decoding: bytes, as: UTF8.self))
  guard let length = UInt16(exactly: count) else { return 0 }
  let counted = length.bigEndianBytes + bytes
  check("shoal1" + Crockford.encode(counted + CheckSum.crc32(counted).bigEndianBytes))
  return 0
}

private func check(_ text: String) {
  guard let token = try? InviteToken(parsing: text) else { return }
  precondition(text.contains(token.text), "a token with two spellings")
  precondition(1...InviteToken.addressLimit ~= token.addresses.count, "out of bounds")
  precondition((try? InviteToken(parsing: token.text)) == token, "another token when it is read again")
}
