import RegistryCore

extension LeaseBook {
  /// However many near nodes have parts, so many that have all are named.
  static let completeSeats = 8

  /// Who is said to have what is asked for: near zones first, of one zone whole blobs before parts, and among equals
  /// others for each asker, so that a thousand askers do not all go to one.
  ///
  /// Only what members told in time counts, whether `expire` has been called or not. Nothing is decided here on who may
  /// have the bytes (`LocateAuthority`).
  /// - Parameters:
  ///   - asker: left out of the answer.
  ///   - here: the answering node, and where it stands.
  ///   - own: what the answering node itself has of a digest.
  public func answer(
    _ question: LocateQuestion, from asker: NodeID, at now: Int64, here: (node: NodeID, zone: Zone?),
    own: (Digest) -> Holding?
  ) -> LocateAnswer {
    let mine = UInt64(Zone.distance(here.zone, question.zone))
    let distances = zones.map { UInt64(Zone.distance($0, question.zone)) }
    let salt = UInt64(bigEndian: asker.bytes.prefix(8))
    let holders = question.digests.map { digest in
      var choice = HolderChoice(limit: LocateAnswer.holderLimit, completeSeats: Self.completeSeats)
      if here.node != asker, let holding = own(digest) {
        choice.consider(Holder(here.node, holding), distance: mine, salt: salt)
      }
      for seat in seats[BlobKey(digest)] ?? [] {
        guard let page = pages[Int(seat.page)], page.until > now, page.node != asker, page.node != here.node else {
          continue
        }
        choice.consider(Holder(page.node, seat.holding), distance: distances[page.zone], salt: salt)
      }
      return choice.chosen
    }
    return LocateAnswer(holders)!
  }
}

/// Picks the best of many in one pass, without sorting them all.
struct HolderChoice {
  private let limit: Int
  private let completeSeats: Int
  private var best: [(score: UInt64, holder: Holder)] = []
  private var bestComplete: [(score: UInt64, holder: Holder)] = []

  init(limit: Int, completeSeats: Int) {
    (self.limit, self.completeSeats) = (limit, completeSeats)
  }

  mutating func consider(_ holder: Holder, distance: UInt64, salt: UInt64) {
    let score = distance << 60 | UInt64(holder.holding.rawValue) << 56 | Self.mix(holder.node, salt) >> 8
    Self.insert((score, holder), into: &best, limit: limit)
    if holder.holding == .complete { Self.insert((score, holder), into: &bestComplete, limit: completeSeats) }
  }

  var chosen: [Holder] {
    let missing = bestComplete.filter { complete in !best.contains { $0.holder == complete.holder } }
    let here = best.count { $0.holder.holding == .complete }
    let added = missing.prefix(max(0, completeSeats - here))
    return best.prefix(max(0, limit - added.count)).map(\.holder) + added.map(\.holder)
  }

  private static func insert(
    _ candidate: (score: UInt64, holder: Holder), into row: inout [(score: UInt64, holder: Holder)], limit: Int
  ) {
    if row.count == limit, let last = row.last, candidate.score >= last.score { return }
    let place = row.firstIndex { $0.score > candidate.score } ?? row.endIndex
    row.insert(candidate, at: place)
    if row.count > limit { row.removeLast() }
  }

  private static func mix(_ node: NodeID, _ salt: UInt64) -> UInt64 {
    var mixed = salt ^ UInt64(bigEndian: node.bytes.prefix(8))
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
