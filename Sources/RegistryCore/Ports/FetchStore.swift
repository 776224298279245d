/// Blobs that arrive from elsewhere, in pieces and in any order. What arrived survives a restart of the node.
///
/// Contract, checked by `FetchStoreContract`. The caller sees to it that one digest is fetched once at a time.
public protocol FetchStore: Sendable {
  /// A staged file of `size` bytes for the blob, or the one that an earlier life left, with what it holds.
  /// - Parameter note: kept beside it, durable, and handed back by `unfinished`: how to go on.
  func begin(_ digest: Digest, size: Int64, note: [UInt8]) async throws(RegistryError) -> any FetchSink

  /// What an earlier life of the node was fetching.
  func unfinished() async throws(RegistryError) -> [UnfinishedFetch]
}

public struct UnfinishedFetch: Hashable, Sendable {
  public let digest: Digest
  public let size: Int64
  public let note: [UInt8]

  public init(digest: Digest, size: Int64, note: [UInt8]) {
    self.digest = digest
    self.size = size
    self.note = note
  }
}

/// One blob on its way in. Others write into its file; it reads, hashes and promotes it.
///
/// `read` may be called at any time, also after `seal`, and `write` at the same time as any; the other calls come one after the
/// other.
public protocol FetchSink: Sendable {
  /// Open for reading and writing.
  var file: BlobFile { get }

  /// Bytes that were verified, from `offset`, at most `count`.
  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8]

  /// For who brings bytes and has no descriptor of its own to write to. Not durable before `seal`.
  func write(_ bytes: [UInt8], at offset: Int64) async throws(RegistryError)

  /// Hashes on to `offset`: all before it is verified. Called with rising offsets, so that little is left at the end.
  func digest(upTo offset: Int64) async throws(RegistryError)

  /// Compares the whole digest, makes the bytes durable (fsync, rename, fsync of the directory) and names them.
  /// `digestInvalid` when the bytes have another digest: they and the note are gone then. Else the note stays until
  /// `cancel`, so that a node that is killed before it has linked the blob finds out what it owes.
  func seal() async throws(RegistryError) -> SealedBlob

  /// Takes the place of the note; durable on return.
  func keep(note: [UInt8]) async throws(RegistryError)

  /// Lets go of the file; what arrived stays for a later `begin`.
  func pause() async

  /// Drops the bytes and the note. Safe twice; after `seal` it drops the note alone.
  func cancel() async
}

/// A blob that became durable, with what was computed from its bytes on the way.
public struct SealedBlob: Hashable, Sendable {
  public let digest: Digest
  public let size: Int64
  /// `nil` for an empty blob, and where nobody wants torrents.
  public let ticket: SwarmTicket?

  public init(digest: Digest, size: Int64, ticket: SwarmTicket?) {
    self.digest = digest
    self.size = size
    self.ticket = ticket
  }
}
