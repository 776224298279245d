import BlockingWork
import RegistryCore

/// Which of the two sessions: the one of the fleet's members, or the one that strangers reach.
public enum SwarmSession: String, Hashable, Sendable, CaseIterable {
  case fleet
  case `public`
}

/// The two engines. That of the public exists only while something may be in it: while patterns name public
/// repositories, or an operator fetches from strangers. That of the fleet while the node is in one.
final class SwarmSessions: Sendable {
  typealias Maker = @Sendable () async throws(RegistryError) -> any SwarmEngine

  private struct State {
    var fleet: FleetSession?
    var strangers: (any SwarmEngine)?
    /// Who needs the public engine: one for each fetch, one for the patterns.
    var leases = 0
    var isClosed = false
  }

  private let makePublic: Maker?
  private let state: Lock<State>
  /// Making and closing take their turns: a port is free only when the engine that had it is closed.
  private let turns = KeyedGate<SwarmSession>()

  init(fleet: FleetSession?, makePublic: Maker?) {
    self.makePublic = makePublic
    state = Lock(State(fleet: fleet))
  }

  var fleet: FleetSession? { state.withLock(\.fleet) }

  /// `nil`: there is none just now.
  func engine(_ session: SwarmSession) -> (any SwarmEngine)? {
    switch session {
    case .fleet: state.withLock { $0.fleet?.engine }
    case .public: state.withLock { $0.strangers }
    }
  }

  /// The engine, made if need be; it stays until `release`.
  func lease(_ session: SwarmSession) async throws(RegistryError) -> any SwarmEngine {
    guard case .public = session else {
      guard let engine = engine(.fleet) else { throw Self.noEngine }
      return engine
    }
    return try await turns.pass(.public) { () async throws(RegistryError) in
      let (standing, isClosed) = state.withLock { ($0.strangers, $0.isClosed) }
      guard !isClosed else { throw RegistryError(.unavailable, "the node is stopping") }
      guard let makePublic else { throw Self.noEngine }
      let engine = if let standing { standing } else { try await makePublic() }
      state.withLock { state in
        state.strangers = engine
        state.leases += 1
      }
      return engine
    }
  }

  func release(_ session: SwarmSession) async {
    guard case .public = session else { return }
    await turns.wait(.public) {
      let idle = state.withLock { state -> (any SwarmEngine)? in
        state.leases -= 1
        return state.leases == 0 ? state.strangers.take() : nil
      }
      await idle?.close()
    }
  }

  /// The node is in a fleet from now on.
  /// - Throws: the node stops, or is in one already; the engine stays the caller's.
  func open(fleet session: FleetSession) async throws(RegistryError) {
    try await turns.pass(.fleet) { () async throws(RegistryError) in
      let isTaken = state.withLock { state in
        guard !state.isClosed, state.fleet == nil else { return false }
        state.fleet = session
        return true
      }
      guard isTaken else { throw RegistryError(.unavailable, "the session of the fleet is open, or the node stops") }
    }
  }

  /// It is in none any more: nobody finds the session, then its engine ends, then what was in it is forgotten.
  func closeFleet(_ forget: () async -> Void) async {
    await turns.wait(.fleet) {
      guard let session = state.withLock({ $0.fleet.take() }) else { return }
      await session.engine.close()
      await forget()
    }
  }

  /// The live torrents of both.
  func live() async -> [(session: SwarmSession, torrent: LiveTorrent)] {
    var found: [(SwarmSession, LiveTorrent)] = []
    for session in SwarmSession.allCases {
      for torrent in await engine(session)?.live() ?? [] { found.append((session, torrent)) }
    }
    return found
  }

  func close() async {
    await turns.wait(.public) {
      let strangers = state.withLock { state in
        state.isClosed = true
        return state.strangers.take()
      }
      await strangers?.close()
    }
    await closeFleet {}
  }

  static let noEngine = RegistryError(
    .unsupported, "this node speaks no BitTorrent; its operator switches that on with torrent.enabled")
}
