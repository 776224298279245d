import BlockingWork
import OpenSSLKit
import RegistryCore
import Telemetry

/// What is named here and lies with other members of the fleet: found, fetched, and read while it arrives.
///
/// A digest alone reads nothing: a far blob is fetched for a repository only if a present manifest of that repository names
/// it, and with the size that it says there.
struct FarContent: Sendable {
  private let ports: RegistryPorts
  private let fleet: any FleetBytes
  private let fetches: FetchDesk
  /// The registry's: bytes and name change together.
  private let gate: KeyedGate<Digest>
  /// One question about a digest at a time: who comes meanwhile finds the answer here.
  private let turns = KeyedGate<Digest>()

  init(_ ports: RegistryPorts, _ fleet: any FleetBytes, fetches: FetchDesk, gate: KeyedGate<Digest>) {
    (self.ports, self.fleet, self.fetches, self.gate) = (ports, fleet, fetches, gate)
  }

  // MARK: - Blobs

  /// The size of a blob that is not here, as a present manifest of the repository says it; `nil`: none names the blob.
  func size(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64? {
    guard let needing = try await ports.content.manifest(needing: digest, in: repository),
      let manifest = try await ports.names.resolve(.digest(needing), in: repository),
      let bytes = try await here(manifest)
    else { return nil }
    return try await ports.work.run { () throws(RegistryError) in
      try ManifestDocument(bytes: bytes, contentType: manifest.mediaType).blobs.first { $0.digest == digest }?.size
    }
  }

  /// Begins to fetch a blob, or joins those who fetch it. When it returns the blob is here or on its way.
  /// - Throws: `blobUnknown` for what no manifest names, `unavailable` when nobody who holds it answered.
  func begin(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) {
    guard let size = try await size(of: digest, in: repository) else { throw .noSuchBlob(digest, repository) }
    try await turns.pass(digest) { () async throws(RegistryError) in
      if fetches.fetches.arriving(digest, for: repository) != nil { return }
      if try await linkIfHere(digest, size, to: repository) { return }
      let holders = await fleet.holders(of: digest, in: repository).filter {
        $0.ticket.digest == digest && $0.ticket.size == size && fetches.mayBeTrue($0.ticket)
      }
      guard let first = holders.first else { throw .heldByNobody(digest) }
      // Those who vouch for the same ticket. If it turns out false it is remembered, and the next question finds others.
      let members = holders.filter { $0.ticket == first.ticket }.map(\.member)
      try await fetches.begin(
        FetchRequest(torrent: SwarmTorrent(first.ticket), members: members, repository: repository))
    }
  }

  /// Another repository has it: this one has a manifest that names it, so it may have it too.
  private func linkIfHere(
    _ digest: Digest, _ size: Int64, to repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    try await gate.pass(digest) { () async throws(RegistryError) in
      guard try await ports.blobs.size(of: digest) == size else { return false }
      try await ports.content.link(StoredBlob(digest: digest, size: size), to: repository)
      return true
    }
  }

  // MARK: - Manifests

  /// The bytes of a manifest that is present in the repository and not here. They are kept, and what the manifest needs is
  /// known from then on.
  func bytes(of manifest: StoredManifest, in repository: RepositoryName) async throws(RegistryError) -> [UInt8] {
    try await turns.pass(manifest.digest) { () async throws(RegistryError) in
      if let bytes = try await here(manifest) {
        try await learn(bytes, manifest, in: repository)
        return bytes
      }
      guard let bytes = await fleet.manifest(manifest.digest, size: manifest.size, in: repository) else {
        throw .heldByNobody(manifest.digest)
      }
      try await learn(bytes, manifest, in: repository)
      return bytes
    }
  }

  private func here(_ manifest: StoredManifest) async throws(RegistryError) -> [UInt8]? {
    if let bytes = manifest.bytes { return bytes }
    guard let reader = try await ports.blobs.open(manifest.digest), reader.size == Int64(manifest.size) else {
      return nil
    }
    return try await reader.read(from: 0, count: manifest.size)
  }

  /// Bytes, shelf, name, as with a push; but the name is there already, and stays away if it went meanwhile.
  private func learn(
    _ bytes: [UInt8], _ manifest: StoredManifest, in repository: RepositoryName
  ) async throws(RegistryError) {
    let digest = manifest.digest
    let document = try await ports.work.run { () throws(RegistryError) in
      guard bytes.count == manifest.size, Digest(of: bytes, digest.algorithm) == digest else {
        throw RegistryError(.unavailable, "a member answered with other bytes than those of \(digest); try again")
      }
      return try ManifestDocument(bytes: bytes, contentType: manifest.mediaType)
    }
    try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.blobs.put(bytes, as: digest)
      try await ports.shelf.shelve(digest, as: manifest.mediaType, in: repository)
      guard try await ports.names.document(digest, as: document, in: repository) else {
        try await ports.shelf.unshelve(digest, from: repository)
        throw RegistryError.noSuchManifest(.digest(digest), repository)
      }
    }
  }
}

extension RegistryError {
  static func heldByNobody(_ digest: Digest) -> RegistryError {
    RegistryError(
      .unavailable, "no member of the fleet that holds \(digest) answers just now; try again shortly",
      detail: [digest.description])
  }
}
