import RegistryCore

// What this node says of itself.
extension FleetMachine {
  /// When the node says once more who it is; `nil`: nobody says otherwise.
  var introductionDue: Int64? { mayBeMisquoted ? nextIntroduction : nil }

  mutating func introduce(_ card: MemberCard) {
    guard card.node == node else { return }
    introduction = card.draft
    takeNews(DirectoryNews(), cards: [card], from: nil)
  }

  /// Who runs a copy of this node's data folder elsewhere signs with this node's key that it is reached there. That is so
  /// for the copy; here it is said again what holds here, and when the copy has ended that stands. While both run, each
  /// contradicts the other now and then, and not as fast as they hear of each other.
  mutating func standByIntroduction() {
    guard mayBeMisquoted, now.monotonic >= nextIntroduction else { return }
    mayBeMisquoted = false
    guard let introduction, let standing = cards[node], !introduction.saysTheSame(as: standing.draft) else { return }
    nextIntroduction = now.monotonic + FleetLimits.introductionMilliseconds
    introduceAgain(after: standing)
  }

  /// Says the same as before, so that it stands above this card.
  mutating func introduceAgain(after card: MemberCard) {
    guard let draft = (introduction ?? card.draft).later(than: card.incarnation),
      let card = MemberCard(draft, signature: notary.sign(draft.signedBytes))
    else { return }
    takeNews(DirectoryNews(), cards: [card], from: nil)
  }
}

extension MemberCard.Draft {
  /// The same once more, so that it stands.
  func later(than incarnation: Int64) -> MemberCard.Draft? {
    guard incarnation < MemberCard.incarnationLimit else { return nil }
    return MemberCard.Draft(
      fleet: fleet, node: node, incarnation: incarnation + 1, name: name, addresses: addresses, zone: zone,
      release: release, versions: versions)
  }

  /// Whether both tell the same of a node, whenever it was said.
  func saysTheSame(as other: MemberCard.Draft) -> Bool {
    fleet == other.fleet && node == other.node && name == other.name && addresses == other.addresses
      && zone == other.zone && release == other.release && versions == other.versions
  }
}
