import RegistryCore

/// What one member does so that others of its site need not cross the line to another: it fetches a blob for all of them.
extension Registry {
  /// So long whoever asks waits for the fetch to have begun, or for a small blob.
  private static let fetcherPatience = Duration.seconds(2)
  /// Nobody is told of what is waited for: it is looked for so often.
  private static let fetcherPause = Duration.milliseconds(20)

  /// Begins to fetch a blob, unless it is here or on its way, and lets the member into its swarm. A digest alone fetches
  /// nothing: a present manifest of the repository must name it.
  /// - Returns: `nil`: this node takes no part in swarms, or has nothing to hand on in time.
  public func fetch(
    _ digest: Digest, in repository: RepositoryName, for member: NodeID
  ) async throws(RegistryError) -> (place: SwarmReception.Place, receivedBytes: Int64)? {
    guard let reception, let fetches, fetches.takesSwarms else { return nil }
    if let place = try await reception.admit(member, to: digest, in: repository) { return word(place, fetches) }
    // It is here, and an operator has stopped its torrent.
    if try await blobs.holds(digest, in: repository) { return nil }
    // The fetch goes on without its reader.
    _ = try await blobs.open(digest, in: repository)
    fetches.fetches.noteFetchForSite()
    let deadline = ContinuousClock.now + Self.fetcherPatience
    repeat {
      if let place = try await reception.admit(member, to: digest, in: repository) { return word(place, fetches) }
      do { try await Task.sleep(for: Self.fetcherPause) } catch { return nil }
    } while .now < deadline
    return nil
  }

  private func word(
    _ place: SwarmReception.Place, _ fetches: FetchDesk
  ) -> (place: SwarmReception.Place, receivedBytes: Int64) {
    let received = place.isWhole ? place.ticket.size : fetches.fetches.run(of: place.ticket.digest)?.receivedBytes ?? 0
    return (place, received)
  }
}
