import RegistryCore

// The session that strangers reach: there while patterns name something, as far as its ports allow.
extension SwarmDesk {
  /// Why strangers cannot reach the node although something is public; `nil`: they can, or nothing is.
  public var publicTrouble: RegistryError? { state.withLock { $0.trouble?.failure } }

  /// Once a second: a session that could not be opened, since another process had its ports, is tried again in time.
  public func retryPublic(at now: ContinuousClock.Instant = .now) async {
    guard state.withLock({ $0.trouble != nil }), mayTryPublic(at: now) else { return }
    do throws(RegistryError) {
      try await patternTurns.pass(.public) { () async throws(RegistryError) in try await holdPublicIfNamed(at: now) }
    } catch {
      // Told when it began, and `publicTrouble` tells it still.
      return
    }
    await startWished()
  }

  /// Inside `patternTurns`.
  func holdPublicIfNamed(at now: ContinuousClock.Instant = .now) async throws(RegistryError) {
    let (holds, held) = state.withLock { (!$0.patterns.isEmpty, $0.holdsPublic) }
    if holds, !held {
      do throws(RegistryError) {
        _ = try await sessions.lease(.public)
      } catch {
        state.withLock { $0.trouble = PublicTrouble(error, after: $0.trouble, rules, at: now) }
        throw error
      }
    } else if held, !holds {
      await sessions.release(.public)
    }
    state.withLock { ($0.holdsPublic, $0.trouble) = (holds, nil) }
  }

  /// For a torrent that strangers may have. The session may not be there: the node has just begun, or every port was taken
  /// then. Outside the gate: a change of the patterns holds its turn while it waits at gates.
  func enterPublic() async throws(RegistryError) {
    // An engine alone may be that of a fetch, which ends with it.
    guard !state.withLock({ $0.holdsPublic }) else { return }
    do throws(RegistryError) {
      try await patternTurns.pass(.public) { () async throws(RegistryError) in
        // Inside: those who waited for a turn that failed do not each try again.
        if let trouble = publicTrouble, !mayTryPublic(at: .now) { throw trouble }
        try await holdPublicIfNamed()
      }
    } catch {
      // Members can have it all the same.
      if sessions.engine(.fleet) == nil { throw error }
    }
  }

  /// A fetch may have opened it meanwhile.
  private func mayTryPublic(at now: ContinuousClock.Instant) -> Bool {
    sessions.engine(.public) != nil || state.withLock { $0.trouble.map { now >= $0.retryAt } ?? true }
  }
}
