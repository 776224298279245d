import BlockingWork
import RegistryCore

/// The ports of the catalogue in memory: the model that the real one is compared with. Nothing is cached, nothing
/// is indexed; what is present is written down plainly.
public final class MemoryCatalog: Sendable {
  let state: Lock<State>
  private let clock: any WallClock
  private let writer: WriterID

  struct State {
    var repositories: [RepositoryName: Repository] = [:]
    var claims: [Claim] = []
    var owed: [OwedUnshelving] = []
    var lastOwedID: Int64 = 0
    var tickets: [Digest: TicketEntry] = [:]
    var classics: [Digest: (pieces: ClassicPieces, infoHash: InfoHash)] = [:]
    var wishes: [Digest: TorrentWish] = [:]
  }

  struct Repository {
    var manifests: [Digest: PresentManifest] = [:]
    var tags: [Tag: Digest] = [:]
    var links: [Digest: Int64] = [:]
    /// Of the manifests, those that the node is bound to keep.
    var kept: [Digest: Keeping] = [:]
  }

  struct PresentManifest {
    let facts: ManifestFacts
    /// `nil`: present by another writer's claim, and never read here.
    let document: ManifestDocument?
    let clock: HybridTime

    init(_ document: ManifestDocument, clock: HybridTime) {
      (facts, self.document, self.clock) = (document.facts, document, clock)
    }

    init(unread facts: ManifestFacts, clock: HybridTime) {
      (self.facts, document, self.clock) = (facts, nil, clock)
    }
  }

  public init(node: NodeID, clock: any WallClock) {
    writer = WriterID(node: node, epoch: max(1, clock.millisecondsSince1970 / 1_000))
    self.clock = clock
    state = Lock(State())
  }

  /// Every claim so far, in sequence.
  public var claims: [Claim] { state.withLock { $0.claims } }

  func claim(_ statement: Claim.Statement, in state: inout State) -> HybridTime {
    let last = state.claims.last?.clock ?? HybridTime(rawValue: 0)
    let time = last.next(wallClockMilliseconds: clock.millisecondsSince1970)
    state.claims.append(
      Claim(writer: writer, sequence: Int64(state.claims.count + 1), clock: time, statement: statement))
    return time
  }
}
