import BlockingWork
import RegistryCore

/// Where blobs come in. It remembers the uploads under way and lets one request at a time work on each.
public final class UploadDesk: Sendable {
  private struct Entry {
    /// `nil` while it is being begun or taken up again.
    var sink: (any UploadSink)?
    var isBusy: Bool
    var lastUsedMilliseconds: Int64
  }

  private let entries = Lock<[UploadKey: Entry]>([:])
  private let ports: RegistryPorts
  private let limits: RegistryLimits
  private let gate: KeyedGate<Digest>
  private let backfill: TicketBackfill
  private let swarm: SwarmDesk?

  init(
    _ ports: RegistryPorts, limits: RegistryLimits, gate: KeyedGate<Digest>, backfill: TicketBackfill,
    swarm: SwarmDesk?
  ) {
    self.ports = ports
    self.limits = limits
    self.gate = gate
    self.backfill = backfill
    self.swarm = swarm
  }

  /// Uploads remembered now, for the metrics.
  public var count: Int { entries.withLock { $0.count } }

  /// A new upload, open for the caller.
  public func begin(
    in repository: RepositoryName, algorithm: Digest.Algorithm = .sha256
  ) async throws(RegistryError) -> UploadVisit {
    let key = UploadKey(repository: repository, id: UploadID(random: ports.chance.bytes(UploadID.byteCount)))
    try enroll(key)
    do throws(RegistryError) {
      return admit(key, try await ports.uploads.begin(key, algorithm: algorithm))
    } catch {
      forget(key)
      throw error
    }
  }

  /// Opens an upload for one request. The visitor leaves, finishes or cancels; until then others are refused.
  public func visit(_ key: UploadKey) async throws(RegistryError) -> UploadVisit {
    if let sink = try claim(key) { return UploadVisit(key, sink, self, limits) }
    do throws(RegistryError) {
      guard let sink = try await ports.uploads.resume(key, algorithm: .sha256) else { throw RegistryError.noSuchUpload }
      return admit(key, sink)
    } catch {
      forget(key)
      throw error
    }
  }

  /// How many bytes the node has of an upload; also while another request writes it.
  public func offset(of key: UploadKey) async throws(RegistryError) -> Int64 {
    if let sink = entries.withLock({ $0[key]?.sink }) { return sink.offset }
    let visit = try await visit(key)
    try await visit.leave()
    return visit.offset
  }

  /// Drops uploads that nobody went on with; returns how many.
  public func sweep() async throws(RegistryError) -> Int {
    let oldest = ports.clock.millisecondsSince1970 - Int64(limits.uploadExpirySeconds) * 1000
    let kept = entries.withLock { entries in
      entries = entries.filter { $0.value.isBusy || $0.value.lastUsedMilliseconds >= oldest }
      return Set(entries.keys.map(\.id))
    }
    return try await ports.uploads.sweep(idleForSeconds: limits.uploadExpirySeconds, keeping: kept)
  }

  // MARK: - For visitors

  func checkIn(_ key: UploadKey) {
    let now = ports.clock.millisecondsSince1970
    entries.withLock { entries in
      entries[key]?.isBusy = false
      entries[key]?.lastUsedMilliseconds = now
    }
  }

  func forget(_ key: UploadKey) {
    entries.withLock { $0[key] = nil }
  }

  /// Bytes, then name: durable first, linked after, and nobody in between.
  func seal(_ sink: any UploadSink, as digest: Digest, for repository: RepositoryName)
    async throws(RegistryError) -> StoredBlob
  {
    let blob = try await gate.pass(digest) { () async throws(RegistryError) in
      let sealed = try await sink.seal(as: digest)
      try await ports.content.link(sealed, to: repository)
      backfill.notice(arrivalIn: repository)
      return StoredBlob(digest: sealed.digest, size: sealed.size)
    }
    await swarm?.renew(digest)
    return blob
  }

  // MARK: - The table

  private func enroll(_ key: UploadKey) throws(RegistryError) {
    let now = ports.clock.millisecondsSince1970
    try entries.withLock { entries throws(RegistryError) in
      try Self.makeRoom(in: &entries, below: limits.openUploads)
      entries[key] = Entry(sink: nil, isBusy: true, lastUsedMilliseconds: now)
    }
  }

  private func admit(_ key: UploadKey, _ sink: any UploadSink) -> UploadVisit {
    entries.withLock { $0[key]?.sink = sink }
    return UploadVisit(key, sink, self, limits)
  }

  /// The sink of a remembered upload, now the caller's; `nil` when the caller has to take it up from disk.
  private func claim(_ key: UploadKey) throws(RegistryError) -> (any UploadSink)? {
    let now = ports.clock.millisecondsSince1970
    return try entries.withLock { entries throws(RegistryError) in
      guard let entry = entries[key] else {
        try Self.makeRoom(in: &entries, below: limits.openUploads)
        entries[key] = Entry(sink: nil, isBusy: true, lastUsedMilliseconds: now)
        return nil
      }
      guard !entry.isBusy else { throw RegistryError.uploadBusy }
      entries[key]?.isBusy = true
      return entry.sink
    }
  }

  private static func makeRoom(in entries: inout [UploadKey: Entry], below limit: Int) throws(RegistryError) {
    guard entries.count >= limit else { return }
    let idle = entries.lazy.filter { !$0.value.isBusy }
    guard let longestIdle = idle.min(by: { $0.value.lastUsedMilliseconds < $1.value.lastUsedMilliseconds }) else {
      throw RegistryError(.tooManyRequests, "\(limit) uploads are under way; try again when some have ended")
    }
    entries[longestIdle.key] = nil
  }
}

extension RegistryError {
  static let noSuchUpload = RegistryError(
    .uploadUnknown, "no such upload; it ended or expired. Start again with POST /v2/NAME/blobs/uploads/")
  static let uploadBusy = RegistryError(
    .uploadRange, "another request is writing this upload; send its chunks one after the other")
}
