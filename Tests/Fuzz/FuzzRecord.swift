/// What is tried on records of a fleet and proofs of forks. Compiled together with the cores' own files by
/// `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted is the same when it is read again, and says the same when its words alone are
/// written anew; a directory takes it once.
func fuzzRecord(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let proof = ForkProof(bytes: bytes) {
    precondition(proof.bytes == bytes && proof.claims[0] != proof.claims[1], "a proof with two spellings")
  }
  guard let record = FleetRecord(bytes: bytes) else { return 0 }
  precondition(record.bytes == bytes, "another record when it is handed on")
  precondition(1...FleetRecord.numberLimit ~= record.number && record.draft.time >= 0, "out of bounds")
  precondition(FleetRecord(bytes: bytes + [0]) == nil, "something stands behind the record")

  let signature = Array(bytes.suffix(64))
  guard let rewritten = FleetRecord(record.draft, signature: signature), let again = FleetRecord(bytes: rewritten.bytes)
  else { preconditionFailure("its words alone are no record") }
  precondition(again.statement == record.statement && again.draft == record.draft, "its words alone say other things")
  take(record)
  return 0
}

private func take(_ record: FleetRecord) {
  let notary = FuzzNotary()
  guard let key = PublicKey(record.draft.fleet.bytes) else { return }
  var directory = Directory(fleetKey: key, notary: notary)
  let first = directory.take(record, notary: notary)
  precondition(first == .new || first == .refused(.otherKey), "refused, and signed by the fleet")
  precondition(directory.records == (first == .new ? [record] : []), "taken, and not there")
  if first == .new { precondition(directory.take(record, notary: notary) == .known, "taken twice") }
  precondition(directory.nameRules.removed.isDisjoint(with: Array(directory.members)), "a member that was removed")
}
