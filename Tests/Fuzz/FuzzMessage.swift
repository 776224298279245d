/// What is tried on what members ask and answer each other. Compiled together with the cores' own files by
/// `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted says the same when it is written again, keeps to its bounds, and no machine traps
/// on it, whether it is a question or an answer.
func fuzzMessage(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let message = FleetMessage(bytes: bytes) else { return 0 }
  if message != .unknown { precondition(FleetMessage(bytes: message.bytes) == message, "another message when told on") }
  checkBounds(of: message)
  var machine = FuzzMachine()
  machine.hear(message)
  return 0
}

private func checkBounds(of message: FleetMessage) {
  switch message {
  case .heads(let heads): precondition(heads.count <= FleetLimits.headsInMessage, "out of bounds")
  case .pull(let wants): precondition(wants.count <= FleetLimits.wants, "out of bounds")
  case .exchange(let greeting):
    precondition(greeting.suspicions.count <= FleetLimits.suspicionsInMessage, "out of bounds")
    precondition(greeting.shortenings ?? 0 >= 0, "out of bounds")
  default: break
  }
}

/// A machine among two members, of which the second says what is fuzzed.
private struct FuzzMachine {
  private var machine: FleetMachine<FuzzSigner>
  private let other: NodeID
  private var effects: [FleetEffect] = []

  init() {
    let keys = (1...3).map { byte -> PublicKey in
      guard let key = PublicKey([UInt8](repeating: UInt8(byte), count: 32)) else { preconditionFailure("32 bytes") }
      return key
    }
    let notary = FuzzNotary()
    var directory = Directory(fleetKey: keys[2], notary: notary)
    for (number, key) in keys.prefix(2).enumerated() {
      guard let name = NodeName(parsing: "node-\(number)"),
        let draft = try? directory.admission(
          of: key, named: name, by: keys[0].node(notary), at: 1_700_000_000_000, notary: notary),
        let record = FleetRecord(draft, signature: [UInt8](repeating: 0, count: 64))
      else { preconditionFailure("a record of two") }
      _ = directory.take(record, notary: notary)
    }
    let node = keys[0].node(notary)
    other = keys[1].node(notary)
    machine = FleetMachine(node: node, directory: directory, cards: CardBook(), notary: FuzzSigner(), seed: 1)
    machine.handle(
      .started(writer: WriterID(node: node, epoch: 1), heads: [:]), at: Moment(monotonic: 0, wall: 1_700_000_000_000),
      into: &effects)
  }

  /// As a question, and as the answer to everything that was asked.
  mutating func hear(_ message: FleetMessage) {
    take(.asked(other, ReplyToken(rawValue: 1), message), at: 1)
    for round in 0..<3 as Range<Int64> {
      let asked = effects.compactMap { if case .ask(_, let token, _) = $0 { token } else { nil } }
      effects = []
      for token in asked { take(.answered(token, message), at: 2 + round) }
      take(.woke, at: 3000 * (round + 1))
    }
  }

  private mutating func take(_ input: FleetInput, at time: Int64) {
    machine.handle(input, at: Moment(monotonic: time, wall: 1_700_000_000_000 + time), into: &effects)
  }
}

private struct FuzzSigner: FleetNotary, NodeSigner {
  func hash(_ bytes: [UInt8]) -> RecordHash { FuzzNotary().hash(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool { true }

  func sign(_ bytes: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: 64) }
}
