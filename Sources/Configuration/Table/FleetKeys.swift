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
      "fleet.swarm", \.fleet.usesSwarm, .flag,
      """
      Members hand each other parts of a blob while it arrives, through encrypted tunnels on fleet.listen. Without it, or \
      without torrent.enabled, each fetches it whole from those that have it.
      """),
    .one(
      "fleet.connections", \.fleet.connections, .count(2...100_000),
      "Connections with other members that are open at once in swarms."),
    .one(
      "fleet.certificate_life", \.fleet.certificateLife, .duration(.seconds(30) ... .seconds(825 * 24 * 3600)),
      """
      How long certificates hold that this node makes as an issuer. Every node renews its own by itself when two thirds \
      of its time are over. A node that is off for longer than the rest needs a new invitation.
      """),
    .one(
      "fleet.rate.upload", \.fleet.rate.uploadBytes, .size(0...1 << 40, a: " a second"),
      "The fastest that members are sent to in swarms, all together, in bytes a second. 0 is as fast as can be."),
    .one(
      "fleet.rate.download", \.fleet.rate.downloadBytes, .size(0...1 << 40, a: " a second"),
      "The fastest that is fetched from members in swarms, all together, in bytes a second. 0 is as fast as can be."),
    .one(
      "fleet.rate.site_upload", \.fleet.rate.siteUploadBytes, .size(0...1 << 40, a: " a second"),
      """
      The same to members of other sites, all together: those whose fleet.zone begins with another part. 0 is as fast as \
      fleet.rate.upload allows.
      """),
    .one(
      "fleet.rate.site_download", \.fleet.rate.siteDownloadBytes, .size(0...1 << 40, a: " a second"),
      "The same from members of other sites, all together. 0 is as fast as fleet.rate.download allows."),
  ]
}
