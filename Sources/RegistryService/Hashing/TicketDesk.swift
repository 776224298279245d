import BlockingWork
import RegistryCore
import Telemetry

/// What torrents need to know of blobs that are here: from the catalogue, or computed now. However many ask at once, a
/// blob is read once; it is compared with its digest on the way, and one that is rotten is put aside.
public final class TicketDesk: Sendable {
  private struct Key: Hashable {
    let digest: Digest
    let version: TorrentVersion
  }

  private struct State {
    var flights: [Key: (flight: HashingFlight, task: Task<Void, Never>)] = [:]
    var isClosed = false
  }

  private let ports: RegistryPorts
  private let quarantine: BlobQuarantine
  private let state = Lock(State())

  init(_ ports: RegistryPorts, _ quarantine: BlobQuarantine) {
    self.ports = ports
    self.quarantine = quarantine
  }

  /// The blob's ticket. `nil`: it has no torrent, since it is empty, not here, or was rotten.
  /// - Parameter patience: how long to wait when it must be computed first. `unavailable` after that; the work goes on,
  ///   so that a later question finds it done.
  public func ticket(for digest: Digest, within patience: Duration) async throws(RegistryError) -> SwarmTicket? {
    if let known = try await ports.tickets.ticket(of: digest) { return known }
    guard case .sound(.ticket(let ticket)) = try await compute(.v2, of: digest, within: patience) else { return nil }
    return ticket
  }

  /// The same for a torrent of version 1. Who asks has seen that the blob is public.
  public func classicPieces(
    for digest: Digest, within patience: Duration
  ) async throws(RegistryError) -> ClassicPieces? {
    if let known = try await ports.tickets.classicPieces(of: digest) { return known }
    guard case .sound(.classic(let pieces)) = try await compute(.v1, of: digest, within: patience) else { return nil }
    return pieces
  }

  private func compute(
    _ version: TorrentVersion, of digest: Digest, within patience: Duration
  ) async throws(RegistryError) -> BlobReading.Outcome {
    let flight = try join(Key(digest: digest, version: version), rest: nil)
    flight.hurry()
    guard let outcome = await flight.wait(for: patience) else {
      throw RegistryError(.unavailable, "the torrent of \(digest) is being computed; try again in a moment")
    }
    return try outcome.get()
  }

  /// For the background: computes and keeps, with rests until somebody waits for the same.
  func compute(
    _ version: TorrentVersion, of digest: Digest, rest: @escaping BlobReading.Rest
  ) async throws(RegistryError) -> BlobReading.Outcome {
    guard let outcome = await (try join(Key(digest: digest, version: version), rest: rest)).wait() else {
      preconditionFailure("a wait without a deadline ends with its flight")
    }
    return try outcome.get()
  }

  /// Stops what is being hashed, at its next piece, and waits for that. What asks later is refused.
  func close() async {
    let tasks = state.withLock { state in
      state.isClosed = true
      return state.flights.values.map(\.task)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  func isHurried(_ digest: Digest) -> Bool {
    state.withLock { $0.flights[Key(digest: digest, version: .v2)]?.flight.isHurried ?? false }
  }

  private func join(_ key: Key, rest: BlobReading.Rest?) throws(RegistryError) -> HashingFlight {
    try state.withLock { state throws(RegistryError) in
      if let entry = state.flights[key] { return entry.flight }
      if state.isClosed { throw RegistryError(.unavailable, "the node is stopping") }
      let flight = HashingFlight()
      // Unstructured: whoever began it may leave, and the others wait on. `close` ends it.
      let task = Task {
        flight.land(await self.fly(key, flight, rest))
        self.state.withLock { $0.flights[key] = nil }
      }
      state.flights[key] = (flight, task)
      return flight
    }
  }

  private func fly(_ key: Key, _ flight: HashingFlight, _ rest: BlobReading.Rest?) async -> HashingFlight.Outcome {
    do throws(RegistryError) {
      let outcome = try await BlobReading(ports: ports).run(key.digest, for: key.version) { bytes, worked in
        if !flight.isHurried { await rest?(bytes, worked) }
      }
      switch outcome {
      case .absent, .sound(nil): break
      case .rotten: try await quarantine.judge(key.digest)
      case .sound(.ticket(let ticket)):
        try await ports.tickets.keep(ticket, infoHash: SwarmTorrent(ticket).infoHash)
      case .sound(.classic(let pieces)):
        try await ports.tickets.keep(pieces, infoHash: SwarmTorrent(pieces).infoHash)
      }
      return .success(outcome)
    } catch {
      return .failure(error)
    }
  }
}
