import RegistryCore

/// The card that stands of each member. The same cards in any order, however often, make the same book.
public struct CardBook: Sendable {
  public private(set) var digest = DirectoryDigest()
  /// Says to who knows more what is lacking here (`news`).
  public private(set) var summary = ShelfSums()
  private var cards = NodeShelves<StandingCard>()

  public init() {}

  public var count: Int { cards.count }

  public subscript(node: NodeID) -> MemberCard? { cards[node]?.card }

  public var all: [MemberCard] { (0..<NodeList.shelfCount).flatMap { cards.shelf($0).map(\.card) } }

  /// Takes in what somebody says a member says of itself. What is new costs one signature check: for a thread that may be
  /// busy. A card of who is no member is dropped; it comes again when it has become one.
  public mutating func take(_ card: MemberCard, directory: Directory, notary: some FleetNotary) -> Taking {
    take(card, directory: directory, notary: notary) { card.isSigned(by: $0, notary) }
  }

  /// Takes in what this node took in before, from its own disk: signatures are not checked a second time.
  public mutating func restore(_ card: MemberCard, directory: Directory, notary: some FleetNotary) -> Taking {
    take(card, directory: directory, notary: notary) { _ in true }
  }

  private mutating func take(
    _ card: MemberCard, directory: Directory, notary: some FleetNotary, isSigned: (PublicKey) -> Bool
  ) -> Taking {
    guard card.draft.fleet == directory.fleet else { return .refused(.otherFleet) }
    guard directory.isMember(card.node), let key = directory.key(of: card.node) else { return .refused(.stranger) }
    let candidate = StandingCard(card, card.hash(notary))
    let before = cards[card.node]
    if let before, !candidate.stands(above: before) { return .known }
    guard isSigned(key) else { return .refused(.forged) }
    let shelf = NodeList.shelf(of: card.node)
    if let before { forget(before, on: shelf) }
    digest.add(candidate.hash)
    summary.add(candidate.hash, on: shelf)
    cards[card.node] = candidate
    return .new
  }

  /// Drops the cards of who is no member any more.
  /// - Returns: whose.
  public mutating func drop(strangersTo directory: Directory) -> [NodeID] {
    let strangers = cards.nodes.filter { !directory.isMember($0) }
    for node in strangers {
      if let card = cards[node] { forget(card, on: NodeList.shelf(of: node)) }
      cards[node] = nil
    }
    return strangers
  }

  /// What somebody who knows as much as his summary says may lack, as much as fits and at least one card; none twice in a
  /// row is left out (`ShelfWalk`).
  public func news(for other: ShelfSums, byteLimit: Int, turn: UInt64) -> [MemberCard] {
    ShelfWalk(shelves: summary.differing(from: other), byteLimit: byteLimit, turn: turn)
      .gather(from: { $0 < NodeList.shelfCount ? cards.shelf($0).map(\.card) : [] }, size: \.byteCount)
  }

  private mutating func forget(_ card: StandingCard, on shelf: Int) {
    digest.subtract(card.hash)
    summary.subtract(card.hash, on: shelf)
  }
}

/// A card with its hash, by reference: what is kept in many books is kept once.
final class StandingCard: Sendable {
  let card: MemberCard
  let hash: RecordHash

  init(_ card: MemberCard, _ hash: RecordHash) {
    (self.card, self.hash) = (card, hash)
  }

  /// Of two cards under one incarnation, which an honest node never makes, all keep the same.
  func stands(above other: StandingCard) -> Bool {
    (card.incarnation, hash) > (other.card.incarnation, other.hash)
  }
}
