/// The part of the table of commands that is about the fleet.
extension CommandTable {
  static let fleetCommands = [foundFleet, inviteToFleet, joinFleet, listFleet] + memberCommands + issuerCommands

  private static let foundFleet = Command(
    verb: .foundFleet, name: "fleet init", summary: "make a fleet of which this node is the first member",
    details: """
      The node gets the fleet's key and may invite others. What it names stays as it is. Works on a running node and \
      before its first start; a member is started with fleet.listen (--fleet-listen). The recovery file holds the \
      fleet's key: carry it away, for the day on which every issuer is lost.
      """,
    options: node + [
      .init(
        name: "recovery-file", placeholder: "FILE",
        text: "Where to write the recovery file; else fleet.recovery in the data folder."),
      .init(
        name: "authority", placeholder: "FILE",
        text:
          "An authority of your own PKI to found the fleet on, instead of a new one: its certificate and its Ed25519 "
          + "key, in PEM."),
    ],
    examples: [.init("shoal fleet init --data /var/lib/shoal", "then invite others")])

  private static let inviteToFleet = Command(
    verb: .inviteToFleet, name: "fleet invite", summary: "print an invitation for one node, good for 15 minutes",
    details: """
      The token stands alone on standard output, so it can be piped into shoal fleet join - on the other machine. Whoever \
      has it can join once: hand it on as you would a password.
      """, options: node,
    examples: [.init("shoal fleet invite --data /var/lib/shoal", "then, on the other node, shoal fleet join")])

  private static let joinFleet = Command(
    verb: .joinFleet, name: "fleet join", summary: "make the running node a member of a fleet",
    details: """
      The node must run with fleet.listen (--fleet-listen), and the inviting node must be able to reach it there. What \
      the node names comes along; where the fleet names something else so, the command refuses and says which, unless \
      --names says whose names stay.
      """,
    options: node + [
      .init(name: "token-file", placeholder: "FILE", text: "Read the token from this file."),
      .init(
        name: "names", placeholder: "keep-fleet|keep-mine",
        text: "Of names that stand for different images: keep the fleet's, or put this node's over them."),
    ],
    positional: .init(
      name: "TOKEN", text: "What shoal fleet invite printed; - reads it from standard input.", count: .atMostOne),
    examples: [
      .init("shoal fleet join --token-file token", "a token in an argument is seen by others of the machine"),
      .init("shoal fleet join - --names keep-fleet", "drop own names that the fleet has for other images"),
    ])

  private static let listFleet = Command(
    verb: .listFleet, name: "fleet ls", summary: "list the members of the fleet as this node sees them", options: node,
    examples: [.init("shoal fleet ls --json", "for a program")])
}
