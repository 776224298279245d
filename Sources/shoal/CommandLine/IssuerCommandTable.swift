/// The part of the table of commands that is about the fleet's key.
extension CommandTable {
  static let issuerCommands = [promoteMember, demoteMember, writeRecoveryFile, recoverFleet]

  private static let member = Command.Positional(
    name: "NODE", text: "A member's name, or the first digits of its ID, as shoal fleet ls shows them.")

  private static let promoteMember = Command(
    verb: .promoteMember, name: "fleet promote", summary: "hand the fleet's key on to another member",
    details: """
      The member becomes an issuer: it lets nodes in and puts them out, renews certificates, and goes on doing so when \
      this node is gone. The key travels over the fleet's channel, sealed for that member alone. Run it on an issuer. \
      What has the key can do all this: promote only machines that are kept as safe as this one.
      """, options: node, positional: member,
    examples: [.init("shoal fleet promote node-b", "a fleet wants two issuers at least")])

  private static let demoteMember = Command(
    verb: .demoteMember, name: "fleet demote", summary: "take from a member the right to let others in",
    details: """
      The member removes its copy of the fleet's key when it hears of this. A copy that somebody made before cannot be \
      taken back: if the machine was in wrong hands, make a new fleet. The last issuer cannot be demoted.
      """, options: node, positional: member,
    examples: [.init("shoal fleet demote node-b", "before node-b is given to somebody else")])

  private static let writeRecoveryFile = Command(
    verb: .writeRecoveryFile, name: "fleet recovery-file", summary: "write the fleet's key to a file to carry away",
    details: """
      The file holds the fleet's key and certificate, readable by you alone. It is never written over another file. \
      shoal fleet init writes one too. Runs on an issuer, which need not be started.
      """, options: node, positional: .init(name: "FILE", text: "Where to write it; it must not exist."),
    examples: [.init("shoal fleet recovery-file /media/stick/fleet.recovery", "then put the stick in a safe")])

  private static let recoverFleet = Command(
    verb: .recoverFleet, name: "fleet recover", summary: "make this member an issuer, by a recovery file",
    details: """
      For a fleet whose issuers are all lost. Run it on any member that runs; it holds the fleet's key from then on and \
      can invite, remove and promote.
      """,
    options: node + [
      .init(
        name: "file", placeholder: "FILE", text: "What shoal fleet init or recovery-file wrote; - is standard input.")
    ],
    examples: [.init("shoal fleet recover --file fleet.recovery", "then shoal fleet promote another one")])
}
