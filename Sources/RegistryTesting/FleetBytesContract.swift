import RegistryCore

/// Two members of a fleet, as one of them sees it: it asks, and the other holds.
public struct FleetBytesSubject: Sendable {
  let bytes: any FleetBytes
  let holder: NodeID
  /// The holder takes a blob in for a repository.
  let push: @Sendable ([UInt8], RepositoryName) async throws -> Void
  let publish: @Sendable (ManifestFixture, RepositoryName) async throws -> Void
  /// The holder answers no more.
  let silence: @Sendable () async -> Void

  public init(
    _ bytes: any FleetBytes, holder: NodeID, push: @escaping @Sendable ([UInt8], RepositoryName) async throws -> Void,
    publish: @escaping @Sendable (ManifestFixture, RepositoryName) async throws -> Void,
    silence: @escaping @Sendable () async -> Void
  ) {
    (self.bytes, self.holder, self.push, self.publish, self.silence) = (bytes, holder, push, publish, silence)
  }

  fileprivate func read(_ part: Range<Int64>, of digest: Digest, in repository: RepositoryName) async throws -> [UInt8]
  {
    let taken = Taken()
    try await bytes.read(part, of: digest, in: repository, from: holder) { taken.append($0) }
    return taken.all
  }
}

/// What every implementation of `FleetBytes` does, between two members.
public enum FleetBytesContract {
  public static let clauses = holding + swarms + reading + manifests + silence

  private static let blob = seededBytes(700_001, seed: 5)
  private static let digest = Digest.hashing(blob)

  static let holding = [
    StoreClause<FleetBytesSubject>("whoHoldsABlobSaysSoWithItsTicketAndForItsRepositoryAlone") { subject in
      let (here, there) = (try Sample.repository(), try Sample.repository("other"))
      try await subject.push(blob, here)
      try await subject.push([1], there)
      let holders = await subject.bytes.holders(of: digest, in: here)
      let due = SwarmTicket.hashing(blob, as: digest).map { [Holding(member: subject.holder, ticket: $0)] }
      try StoreViolation.unlessEqual(holders, due ?? [], "the holders")
      try StoreViolation.unlessEqual(await subject.bytes.holders(of: digest, in: there), [], "of another repository")
      try StoreViolation.unlessEqual(
        await subject.bytes.holders(of: Sample.layer.digest, in: here), [], "of a blob that nobody has")
    }
  ]

  static let swarms = [
    StoreClause<FleetBytesSubject>("whoHasABlobLetsMembersIntoItsSwarmForItsRepositoryAlone") { subject in
      let (here, there) = (try Sample.repository(), try Sample.repository("other"))
      try await subject.push(blob, here)
      try await subject.push([1], there)
      let ticket = SwarmTicket.hashing(blob, as: digest)
      let due = ticket.map { [SwarmPeer(member: subject.holder, isWhole: true, ticket: $0)] }
      func found(
        _ digest: Digest, _ repository: RepositoryName, _ clues: BlobClues = BlobClues()
      ) async -> [SwarmPeer] {
        let finding = await subject.bytes.swarm(of: digest, in: repository, clues: clues)
        return finding.peers
      }
      try StoreViolation.unlessEqual(await found(digest, here), due ?? [], "who takes part")
      let known = BlobClues(ticket: ticket, named: [subject.holder])
      try StoreViolation.unlessEqual(await found(digest, here, known), due ?? [], "for who has the ticket already")
      let other = BlobClues(ticket: SwarmTicket.hashing([2], as: digest))
      try StoreViolation.unlessEqual(await found(digest, here, other), due ?? [], "for who has another ticket")
      try StoreViolation.unlessEqual(await found(digest, there), [], "of another repository")
      try StoreViolation.unlessEqual(await found(Sample.layer.digest, here), [], "of a blob that nobody has")
    }
  ]

  static let reading = [
    StoreClause<FleetBytesSubject>("aPartComesInOrderAndWhole") { subject in
      let repository = try Sample.repository()
      try await subject.push(blob, repository)
      let end = Int64(blob.count)
      for part in [0..<end, 1..<2, 65_535..<65_537, 300_000..<end, (end - 1)..<end, 7..<7] as [Range<Int64>] {
        let read = try await subject.read(part, of: digest, in: repository)
        try StoreViolation.unless(
          read.elementsEqual(blob[Int(part.lowerBound)..<Int(part.upperBound)]), "\(part) has other bytes")
      }
    },
    StoreClause<FleetBytesSubject>("aDigestAloneReadsNothing") { subject in
      let (here, there) = (try Sample.repository(), try Sample.repository("other"))
      try await subject.push(blob, here)
      try await subject.push([1], there)
      for (digest, repository) in [(digest, there), (Sample.layer.digest, here)] {
        try await StoreViolation.unlessRefused(.unavailable, "what is not linked") { () async throws(RegistryError) in
          try await subject.bytes.read(0..<1, of: digest, in: repository, from: subject.holder) { _ in }
        }
      }
    },
    StoreClause<FleetBytesSubject>("whatTheTakerThrowsEndsTheTransferAndIsThrownOn") { subject in
      let (repository, taken) = (try Sample.repository(), Taken())
      try await subject.push(blob, repository)
      try await StoreViolation.unlessRefused(.digestInvalid, "the taker's reason") { () async throws(RegistryError) in
        try await subject.bytes.read(0..<Int64(blob.count), of: digest, in: repository, from: subject.holder) {
          bytes throws(RegistryError) in
          taken.append(bytes)
          throw RegistryError(.digestInvalid, "the taker has seen enough")
        }
      }
      try StoreViolation.unlessEqual(taken.count, 1, "it was handed more after it threw")
    },
  ]

  static let manifests = [
    StoreClause<FleetBytesSubject>("aManifestComesAsItWasPushedAndInItsSize") { subject in
      let (here, there) = (try Sample.repository(), try Sample.repository("other"))
      let manifest = try ManifestFixture.index([])
      let bytes = manifest.document.bytes
      try await subject.publish(manifest, here)
      try await subject.push([1], there)
      func asked(_ size: Int, _ repository: RepositoryName) async -> [UInt8]? {
        await subject.bytes.manifest(manifest.digest, size: size, in: repository, writer: subject.holder)
      }
      try StoreViolation.unlessEqual(await asked(bytes.count, here), bytes, "the manifest")
      try StoreViolation.unlessEqual(await asked(bytes.count - 1, here), nil, "one that is longer")
      try StoreViolation.unlessEqual(await asked(bytes.count + 1, here), nil, "one that is shorter")
      try StoreViolation.unlessEqual(await asked(bytes.count, there), nil, "of another repository")
    },
    StoreClause<FleetBytesSubject>("inASmallFleetEachKeepsTheManifests") { subject in
      try StoreViolation.unless(subject.bytes.keepsManifest(digest), "it would go with the node that took it")
    },
  ]

  static let silence = [
    StoreClause<FleetBytesSubject>("whereNobodyAnswersThatIsSaidInTime") { subject in
      let (repository, manifest) = (try Sample.repository(), try ManifestFixture.index([]))
      try await subject.push(blob, repository)
      try await subject.publish(manifest, repository)
      await subject.silence()
      let begun = ContinuousClock.now
      try StoreViolation.unlessEqual(await subject.bytes.holders(of: digest, in: repository), [], "who is silent")
      let swarm = await subject.bytes.swarm(of: digest, in: repository, clues: BlobClues(writer: subject.holder))
      try StoreViolation.unlessEqual(swarm, SwarmFinding(), "the swarm of who is silent")
      let bytes = await subject.bytes.manifest(
        manifest.digest, size: manifest.document.bytes.count, in: repository, writer: subject.holder)
      try StoreViolation.unlessEqual(bytes, nil, "of who is silent")
      try await StoreViolation.unlessRefused(.unavailable, "a read") { () async throws(RegistryError) in
        try await subject.bytes.read(0..<1, of: digest, in: repository, from: subject.holder) { _ in }
      }
      try StoreViolation.unless(begun.duration(to: .now) < .seconds(20), "four questions took that long")
    }
  ]
}
