/// What is tried on what members say of themselves. Compiled together with the cores' own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted keeps to its bounds, is the same when it is read again, and its addresses and zone
/// have one spelling.
func fuzzCard(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  checkWords(String(decoding: bytes, as: UTF8.self))
  guard let card = MemberCard(bytes: bytes) else { return 0 }
  let draft = card.draft
  precondition(card.bytes == bytes, "another card when it is handed on")
  precondition(1...MemberCard.addressLimit ~= draft.addresses.count, "out of bounds")
  precondition(1...MemberCard.incarnationLimit ~= draft.incarnation, "out of bounds")
  guard let rewritten = MemberCard(draft, signature: Array(bytes.suffix(64))) else { return 0 }
  precondition(MemberCard(bytes: rewritten.bytes)?.draft == draft, "its words alone say other things")
  return 0
}

private func checkWords(_ text: String) {
  if let address = MemberAddress(parsing: text) {
    precondition(address.port > 0 && !address.host.isEmpty, "an address without a port or a host")
    precondition(MemberAddress(parsing: address.description) == address, "another address when it is read again")
    precondition(address.description.utf8.allSatisfy { 0x21...0x7e ~= $0 }, "an address that a terminal obeys")
  }
  if let zone = Zone(parsing: text) { precondition(zone.description == text, "a zone with two spellings") }
  if let name = NodeName(parsing: text) { precondition(name.description == text, "a name with two spellings") }
}
