/// The part of the table of commands that is about members and what all agree on.
extension CommandTable {
  static let memberCommands = [removeMember, leaveFleet, showPolicy, setPolicy]

  private static let removeMember = Command(
    verb: .removeMember, name: "fleet remove", summary: "put a member out of the fleet",
    details: """
      On a node that holds the fleet's key. Within seconds no member speaks with it any more: what is open ends, its \
      certificate opens nothing, and what it says later does not count; what it said until now does. It goes on serving \
      what it has, and can be let in again with a new invitation.
      """, options: node,
    positional: .init(name: "NODE", text: "Its name, or the first digits of its ID, as shoal fleet ls shows them."),
    examples: [
      .init("shoal fleet remove site-b-7", "by its name"),
      .init("shoal fleet remove 3f9a1c", "by the beginning of its ID"),
    ])

  private static let leaveFleet = Command(
    verb: .leaveFleet, name: "fleet leave", summary: "take this node out of its fleet",
    details: """
      Waits until the others keep what this node alone keeps, and says what it waits for; then an issuer puts the node out, \
      and it is alone: it goes on with the images that it holds, and the fleet's papers are put away. Ended before that, it \
      stays a member. Also for a node that was removed. The last node that holds the fleet's key leaves last.
      """,
    options: node + [
      .init(name: "force", text: "Wait for nobody; list what the fleet loses.")
    ], examples: [.init("shoal fleet leave --data /var/lib/shoal", "then the node may be stopped for good")])

  private static let showPolicy = Command(
    verb: .showPolicy, name: "fleet policy show", summary: "print the policy of the fleet as it was written",
    details: "The text alone is on standard output, to be edited and set again; who set it is said beside it.",
    options: node, examples: [.init("shoal fleet policy show", "into a file, to be edited and set again")])

  private static let setPolicy = Command(
    verb: .setPolicy, name: "fleet policy set", summary: "say what holds on all nodes of the fleet",
    details: """
      On a node that holds the fleet's key. The policy is one YAML document, and this one takes the place of the one \
      before. Its keys: writers (which nodes may write which repositories), immutable (whose tags never move), history and \
      tombstones (how long what was is known), replicas (how many nodes keep an image), tags and catalogue (what a node \
      answers that may be behind). \
      docs/FLEET.md shows each. Nodes obey within seconds of hearing of it.
      """,
    options: node + [.init(name: "force", text: "Also when no rule is left.")],
    positional: .init(name: "FILE", text: "A YAML file; - reads standard input."),
    examples: [.init("shoal fleet policy set policy.yaml", "the whole policy, not a part of it")])
}
