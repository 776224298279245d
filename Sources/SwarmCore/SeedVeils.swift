/// The other side of `HiddenSeed`: a node that fetches, and the seeds of which it was told "a seed" and nothing else.
/// What they show is asked of them; whoever shows nothing in time is no such seed.
public struct SeedVeils: Sendable {
  public enum Event: Hashable, Sendable {
    /// The peer said that it has everything; that was kept from the engine.
    case veiled(PeerID)
    /// It shows a piece.
    case shown(PeerID, Int)
    /// This node has a piece.
    case has(Int)
    /// Readers here wait for these.
    case wants([Int])
    /// It left, or said anew that it has everything, which was let through.
    case unveiled(PeerID)
    case tick
  }

  public enum Step: Hashable, Sendable {
    /// It hides all that it has, or has nothing. When it comes again it is taken at its word.
    case cut(PeerID)
    case suggest(PeerID, [Int])
  }

  public struct Rules: Hashable, Sendable {
    /// From meeting a seed to the first piece that it shows. An honest one shows some at once.
    public var firstPatience: SwarmInstant = 1_000_000
    /// Without another one while nothing that it showed is still to come.
    public var patience: SwarmInstant = 5_000_000
    /// In one word to a seed.
    public var suggestions = 16

    public init() {}
  }

  private struct Veil: Sendable {
    let id: PeerID
    var since: SwarmInstant
    var hasShown = false
    var coming: Set<Int> = []
  }

  private let rules: Rules
  private var veils: [Veil] = []
  private var here: PieceBits

  public init(pieceCount: Int, rules: Rules = Rules()) {
    self.rules = rules
    here = PieceBits(pieceCount: pieceCount)
    self.pieceCount = pieceCount
  }

  private let pieceCount: Int

  public var count: Int { veils.count }

  public mutating func take(_ event: Event, at now: SwarmInstant) -> [Step] {
    switch event {
    case .veiled(let id):
      if !veils.contains(where: { $0.id == id }) { veils.append(Veil(id: id, since: now)) }
    case .shown(let id, let piece): note(piece, shownBy: id, at: now)
    case .has(let piece): note(here: piece, at: now)
    case .wants(let pieces): return suggest(pieces)
    case .unveiled(let id): veils.removeAll { $0.id == id }
    case .tick: return cut(at: now)
    }
    return []
  }

  public var nextTick: SwarmInstant? { veils.compactMap { due($0) }.min() }

  private func due(_ veil: Veil) -> SwarmInstant? {
    guard here.count < pieceCount, veil.coming.isEmpty else { return nil }
    return veil.since + (veil.hasShown ? rules.patience : rules.firstPatience)
  }

  private mutating func note(_ piece: Int, shownBy id: PeerID, at now: SwarmInstant) {
    guard let place = veils.firstIndex(where: { $0.id == id }), 0..<pieceCount ~= piece else { return }
    (veils[place].since, veils[place].hasShown) = (now, true)
    if !here.contains(piece) { veils[place].coming.insert(piece) }
  }

  private mutating func note(here piece: Int, at now: SwarmInstant) {
    guard 0..<pieceCount ~= piece, here.insert(piece) else { return }
    for place in veils.indices where veils[place].coming.remove(piece) != nil { veils[place].since = now }
  }

  private func suggest(_ pieces: [Int]) -> [Step] {
    let lacking = pieces.filter { 0..<pieceCount ~= $0 && !here.contains($0) }
    return veils.compactMap { veil in
      let wanted = lacking.filter { !veil.coming.contains($0) }.prefix(rules.suggestions)
      return wanted.isEmpty ? nil : .suggest(veil.id, Array(wanted))
    }
  }

  private mutating func cut(at now: SwarmInstant) -> [Step] {
    let late = veils.filter { veil in due(veil).map { $0 <= now } ?? false }.map(\.id)
    veils.removeAll { late.contains($0.id) }
    return late.map { .cut($0) }
  }
}
