import FleetCore
import RegistryCore
import Telemetry

/// What a node has done as a member since it started. It outlives a membership, so that a scrape finds it at any time.
public final class FleetMeter: Sendable {
  /// Questions to members, and those of them that nobody answered.
  public let asked = Counter()
  public let unanswered = Counter()
  /// Questions of members.
  public let answered = Counter()
  /// Exchanges that came back: with these a node knows that it is not behind.
  public let exchanges = Counter()
  /// Claims that were taken in from others, and those that the ledger did not take.
  public let claims = Counter()
  public let refusedClaims = Counter()
  /// Members that said what no honest one says.
  public let shunned = Counter()
  /// Writers found to have used a number twice.
  public let forks = Counter()
  /// Statements of members that cannot be read here.
  public let passedOver = Counter()
  /// Bytes of blobs that members sent.
  public let channelBytes = Counter()

  public init() {}

  func count(_ input: FleetInput) {
    switch input {
    case .asked: answered.add()
    case .unanswered: unanswered.add()
    case .answered(_, .exchange): exchanges.add()
    default: break
    }
  }

  func count(_ notice: FleetNotice) {
    switch notice {
    case .shunned: shunned.add()
    case .forked: forks.add()
    case .restored, .redated: break
    }
  }

  /// - Parameter admission: `nil`: the ledger failed.
  func count(_ run: ClaimRun, _ admission: Admission?) {
    if case .admitted(_, let added)? = admission {
      claims.add(Int64(added))
    } else {
      refusedClaims.add(Int64(run.claims.count))
    }
  }
}
