import RegistryHTTP

/// What is said of a fleet, in words.
enum FleetText {
  static func stock(_ said: FleetBulletinDocument?) -> String {
    guard let blobs = said?.blobs, let bytes = said?.bytes else { return "-" }
    return "\(blobs) \(blobs == 1 ? "blob" : "blobs"), \(Amount.bytes(bytes))"
  }

  /// How far a member was behind when it said so; this node, how far it is now.
  static func lag(of member: FleetDocument.Member, in fleet: FleetDocument) -> String {
    let behind = member.isThisNode ? fleet.behindMilliseconds : member.says?.behindMilliseconds
    return behind.map { "\($0) ms" } ?? "-"
  }

  static func age(of member: FleetDocument.Member) -> String {
    guard !member.isThisNode else { return "now" }
    return member.says.map { "\(Amount.duration(seconds: Int($0.ageMilliseconds / 1000))) ago" } ?? "-"
  }

  /// What an operator is told of a member's certificate: nodes renew theirs when a third of the time is left.
  static func ending(of member: FleetDocument.Member, at now: Int64) -> String? {
    guard let end = member.says?.certificateEndsAtSeconds, end - now < endingSeconds else { return nil }
    let name = "\(member.name) (\(member.node.prefix(12)))"
    guard end >= now else { return "\(name): its certificate is over; let it in again with a new invitation" }
    return "\(name): its certificate ends in \(Amount.duration(seconds: Int(end - now))) and was not renewed; "
      + "shoal fleet ls there says why"
  }

  private static let endingSeconds: Int64 = 14 * 86_400

  static func twin(_ twin: FleetDocument.Twin, of member: FleetDocument.Member) -> String {
    "\(member.name) (\(member.node.prefix(12))) used number \(twin.number) of epoch \(twin.epoch) twice, "
      + "\(Amount.time(millisecondsSince1970: twin.atMilliseconds)): a copy of its data folder runs elsewhere, or it lies; "
      + "what it said from there on counts where it said it again under a later epoch"
  }

  /// What an operator is told of a member that sent wrong bytes.
  static func ban(_ ban: FleetDocument.Ban, of member: FleetDocument.Member) -> String {
    let what = ban.digest.map { " of \($0)" } ?? ""
    return
      "\(member.name) (\(member.node.prefix(12))) sent this node wrong bytes\(what) (\(ban.source)); no blob is taken "
      + "from it while others have it, for \(Amount.duration(seconds: Int(ban.endsInSeconds))) more: look at its disk "
      + "(shoal blob verify there), or put it out with shoal fleet remove"
  }

  static func contested(_ name: ContestedNameDocument) -> String {
    let what =
      switch name.names {
      case name.digest: "this node's image stands, \(name.member)'s does not"
      case name.other: "\(name.member)'s image stands, this node's does not"
      default: "it names \(name.names) now"
      }
    return "\(name.member) came with \(name.name), too, for another image: \(what) (this node's \(name.digest), "
      + "\(name.member)'s \(name.other)). Its history keeps both: shoal tag history \(name.name); take back yours with "
      + "shoal tag rollback or by another push"
  }

  static func lag(_ members: Int, _ behindMilliseconds: Int64?) -> String {
    guard members > 1 else { return "no other member" }
    guard let behindMilliseconds else { return "not compared with anybody yet" }
    return "compared with a member \(behindMilliseconds) ms ago"
  }

  static func keeping(_ keeping: KeepingDocument) -> String {
    guard keeping.images > 0 else { return "keeps no image for the fleet yet" }
    let images = keeping.images == 1 ? "1 image" : "\(keeping.images) images"
    let lacking = keeping.lacking == 0 ? "and has all of them" : "and lacks \(keeping.lacking) of them"
    return "keeps \(images) for the fleet, \(lacking)"
  }

  /// The paragraph of `shoal status`.
  static func paragraph(_ fleet: FleetSummaryDocument?) -> [String] {
    guard let fleet else { return [] }
    let work = fleet.work
    var lines = [
      "fleet     \(fleet.fleet.prefix(12)): \(members(fleet)); \(lag(fleet.members, fleet.behindMilliseconds))",
      "          \(work.exchanges) exchanges, \(work.claims) claims taken, \(work.asked) questions asked, "
        + "\(work.unanswered) unanswered, \(work.answered) answered",
      "          certificate until \(Amount.time(millisecondsSince1970: work.certificateEndsAtSeconds * 1000)); "
        + "\(Amount.bytes(work.channelBytes)) of blobs from members",
    ]
    if let tunnels = work.tunnels {
      let lost = tunnels.unreached > 0 ? "; \(tunnels.unreached) times a member was not reached" : ""
      lines.append(
        "          swarms of members: \(tunnels.open) tunnels open, \(tunnels.idle) idle; "
          + "\(Amount.bytes(tunnels.receivedBytes)) in, \(Amount.bytes(tunnels.sentBytes)) out\(lost)")
    }
    if let keeping = fleet.keeping {
      let failures = keeping.failures > 0 ? ", \(keeping.failures) attempts failed" : ""
      lines.append(
        "          \(self.keeping(keeping)); \(keeping.broughtImages) taken in, "
          + "\(Amount.bytes(keeping.broughtBytes))\(failures)")
    }
    if work.refusedClaims + work.shunned + work.forks > 0 {
      lines.append(
        "          \(work.refusedClaims) claims refused, \(work.shunned) times a member was shunned, "
          + "\(work.forks) forked writers")
    }
    if let banned = work.bannedMembers, banned > 0 {
      lines.append(
        "          \(banned) \(banned == 1 ? "member" : "members") sent wrong bytes during the last hour: shoal fleet ls "
          + "names \(banned == 1 ? "it" : "them")")
    }
    if fleet.issuers == 1 { lines.append("          one issuer alone: without it nobody can be let in or removed") }
    if let reason = fleet.refusesWrites { lines.append("          writes no names: \(reason)") }
    return lines
  }

  private static func members(_ fleet: FleetSummaryDocument) -> String {
    var parts = ["\(fleet.members) \(fleet.members == 1 ? "member" : "members")"]
    if fleet.suspected > 0 { parts.append("\(fleet.suspected) suspected") }
    if fleet.down > 0 { parts.append("\(fleet.down) down") }
    parts.append("\(fleet.issuers) \(fleet.issuers == 1 ? "issuer" : "issuers")")
    return parts.joined(separator: ", ")
  }
}
