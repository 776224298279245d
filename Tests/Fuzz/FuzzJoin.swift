/// What is tried on what strangers ask who want to join, and for what they are answered. Compiled together with the
/// cores' own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted is the same when it is read again, and a book without invitations refuses it.
func fuzzJoin(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let answer = JoinAnswer(bytes: bytes) {
    precondition(JoinAnswer(bytes: answer.bytes) == answer, "another answer when it is read again")
  }
  guard let request = JoinRequest(bytes: bytes) else { return 0 }
  precondition(request.bytes == bytes, "another request when it is read again")
  let verdict = InviteBook().verdict(
    on: request, in: request.draft.card.draft.fleet, binding: [], at: 0, notary: FuzzJoinNotary())
  precondition(verdict == .refused, "let in without an invitation")
  return 0
}

private struct FuzzJoinNotary: JoinNotary {
  func hash(_ bytes: [UInt8]) -> RecordHash { FuzzNotary().hash(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool { true }

  func code(of bytes: [UInt8], under secret: [UInt8]) -> [UInt8] { hash(secret + bytes).bytes }
}
