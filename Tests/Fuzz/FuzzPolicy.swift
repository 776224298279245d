/// What is tried on the policy of a fleet, as a record carries it and as an operator wrote it. Compiled together with
/// the cores' own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted is the same when it is read again; its rules alone make a policy with the same
/// rules; what an operator wrote holds no key that is not known; and what is refused says why.
func fuzzPolicy(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let policy = FleetPolicy(content: bytes) {
    guard let alone = try? FleetPolicy(policy.rules, text: policy.text) else {
      preconditionFailure("its rules alone are refused")
    }
    precondition(alone.rules == policy.rules && alone.text == policy.text, "its rules alone say other things")
    precondition(alone.nameRules == policy.nameRules && alone.unknownKeys.isEmpty, "its rules alone say other things")
  }
  do throws(PolicyFault) {
    let written = try FleetPolicy.written("text", as: bytes) { _ in [] }
    precondition(written.unknownKeys.isEmpty && written.text == "text", "an unknown key was taken")
    precondition(FleetPolicy(content: written.content) == written, "another policy when it is read again")
  } catch {
    precondition(!error.message.isEmpty, "a refusal that says nothing")
  }
  return 0
}
