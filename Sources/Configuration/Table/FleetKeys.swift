extension SettingKey {
  /// The part of the table that is about the fleet.
  static let fleet: [SettingKey] = [
    .list(
      "fleet.listen", \.fleet.listen, .address, flag: "fleet-listen",
      """
      Where other members of the fleet reach this node, and nodes that are invited. None: the node stays alone. Both ends \
      show certificates of the fleet there; to anybody else nothing is there, so it may listen beyond this machine. Put \
      one that starts with * or [ in quotes.
      """),
    .list(
      "fleet.advertise", \.fleet.advertise, .memberAddress,
      """
      Where the others find fleet.listen, the best first, for nodes behind NAT or with a name: HOST:PORT. Without it: \
      the addresses of fleet.listen, and of * those of this machine.
      """),
    .one(
      "fleet.zone", \.fleet.zone, .zone,
      "Where this node stands, from the widest to the nearest: site-a/rack-3. Near members are asked first."),
    .one(
      "fleet.name", \.fleet.name, .nodeName,
      "What people call this node. Without it: the name of the machine."),
    .one(
      "fleet.certificate_life", \.fleet.certificateLife, .duration(.seconds(30) ... .seconds(825 * 24 * 3600)),
      """
      How long certificates hold that this node makes as an issuer. Every node renews its own by itself when two thirds \
      of its time are over. A node that is off for longer than the rest needs a new invitation.
      """),
  ]
}
