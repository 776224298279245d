import BlockingWork
import RegistryCore
import Telemetry

/// Takes blobs whose bytes are not what they were out of the registry. A later push heals.
public final class BlobQuarantine: Sendable {
  private struct Withdrawal {
    let run: @Sendable (Digest) async -> Void
  }

  private let ports: RegistryPorts
  private let gate: KeyedGate<Digest>
  private let withdrawal = Lock<Withdrawal?>(nil)

  init(_ ports: RegistryPorts, gate: KeyedGate<Digest>) {
    self.ports = ports
    self.gate = gate
  }

  /// Whoever offers blobs to others is told, and waited for, before a name is removed: rumour, name, bytes. And once
  /// more after that: somebody may have wanted it in between.
  public func aroundPuttingAside(_ withdraw: @escaping @Sendable (Digest) async -> Void) {
    withdrawal.withLock { $0 = Withdrawal(run: withdraw) }
  }

  /// Judges a blob of which somebody says that it is rotten, while nobody pushes it: a push may have healed it since.
  /// - Parameter putsAside: else it only judges.
  /// - Parameter orGone: a blob whose file has vanished loses its names too; else it counts as sound.
  /// - Returns: whether it was rotten.
  @discardableResult
  public func judge(
    _ digest: Digest, putsAside: Bool = true, orGone: Bool = false
  ) async throws(RegistryError) -> Bool {
    try await gate.pass(digest) { () async throws(RegistryError) in
      switch try await BlobReading(ports: ports).run(digest, for: nil) {
      case .sound: return false
      case .absent: if !orGone { return false }
      case .rotten: break
      }
      if putsAside { try await putAside(digest) }
      return true
    }
  }

  /// Names, then bytes: clients ask by HEAD first and push only what they are told is not here.
  private func putAside(_ digest: Digest) async throws(RegistryError) {
    let withdraw = withdrawal.withLock { $0 }
    await withdraw?.run(digest)
    while let repository = try await ports.content.holder(of: digest) {
      let outcome = try await ports.content.unlink(digest, from: repository, refusingNeeded: false)
      guard outcome == .unlinked else { break }
    }
    await withdraw?.run(digest)
    if try await ports.blobs.quarantine(digest) {
      ports.log.error("a rotten blob was put aside; push it again", LogField("digest", digest.description))
    }
  }
}
