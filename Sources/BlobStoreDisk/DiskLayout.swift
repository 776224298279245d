import OpenSSLKit
import RegistryCore

/// Where everything lies in the data folder. The only file that builds a path.
///
///     data/
///       blobs/sha256/ab/abcd…              whole, verified, read-only; named only after fsync + rename + fsync(dir)
///       blobs/sha512/ab/abcd…              the same for the other algorithm
///       staging/uploads/<id>@<repository>  a push on its way in: offset = file size; the repository is the first
///                                          32 hex of the sha256 of its name, so that the file is bound to it
///       staging/fetch/<algorithm>-<hex>    a blob arriving from elsewhere, in pieces and with holes
///       staging/fetch/<algorithm>-<hex>.note
///                                          beside it: its size, a newline, and how to go on; neither is there alone,
///                                          but that the note outlives the blob's promotion until the blob is named
///       staging/temporary/<number>         small files being written; swept at start
///       staging/temporary/command.sock     of a command that works without a node
///       quarantine/<algorithm>-<hex>       blobs whose bytes did not match their name, kept for a look
///       shelf/<repository>/_manifests/<algorithm>/<hex>
///                                          which repository holds which manifest; inside: the media type and a newline.
///                                          `_manifests` is no component of a repository's name, so names may nest
///       catalog.sqlite (+ -wal, -shm)      names, links, tags
///       control.sock                       the command line's way to a running node
///       lock                               one process at a time; its pid inside
///       node.key                           the node's identity
///       fleet/ca.crt                       of the fleet that the node belongs to: written last when it joins one
///       fleet/node.crt                     the node's, by the fleet's key
///       fleet/ca.key                       the fleet's key, at issuers alone
///       fleet.recovery                     the fleet's key and certificate, left by its founding to be carried away
///
/// Folders are 0700, blobs 0444, the rest 0600.
public struct DiskLayout: Hashable, Sendable {
  public let root: String

  /// - Parameter root: the data folder; slashes at its end are dropped.
  public init(root: String) {
    let end = root.utf8.lastIndex { $0 != UInt8(ascii: "/") }
    self.root = end.map { String(root[...$0]) } ?? "/"
  }

  public var catalogue: String { root + "/catalog.sqlite" }
  public var controlSocket: String { root + "/control.sock" }
  /// Of a command that has the folder to itself; swept like whatever else lies there.
  public var commandSocket: String { temporaries + "/command.sock" }
  public var lock: String { root + "/lock" }
  public var nodeKey: String { root + "/node.key" }

  public var fleet: String { root + "/fleet" }
  public var fleetCertificate: String { fleet + "/ca.crt" }
  public var fleetKey: String { fleet + "/ca.key" }
  /// Where `fleet init` leaves what is to be carried away.
  public var fleetRecovery: String { root + "/fleet.recovery" }
  public var nodeCertificate: String { fleet + "/node.crt" }

  var blobs: String { root + "/blobs" }
  var uploads: String { root + "/staging/uploads" }
  var fetches: String { root + "/staging/fetch" }
  var temporaries: String { root + "/staging/temporary" }
  var quarantine: String { root + "/quarantine" }
  var manifests: String { root + "/shelf" }
}

// Blobs.
extension DiskLayout {
  public func blob(_ digest: Digest) -> String { blobFolder(of: digest) + "/" + digest.hex }

  func blobFolder(of digest: Digest) -> String { "\(blobs)/\(digest.algorithm.rawValue)/\(digest.hex.prefix(2))" }

  func blobFolder(_ algorithm: Digest.Algorithm, shelf: UInt8) -> String {
    "\(blobs)/\(algorithm.rawValue)/\(Hex.encode(CollectionOfOne(shelf)))"
  }

  /// The digest that a file in a blob folder is named by; `nil` for a stray file.
  func digest(ofFileNamed name: String, algorithm: Digest.Algorithm, shelf: UInt8) -> Digest? {
    guard name.hasPrefix(Hex.encode(CollectionOfOne(shelf))) else { return nil }
    return try? Digest(parsing: "\(algorithm.rawValue):\(name)")
  }

  func quarantined(_ digest: Digest) -> String { "\(quarantine)/\(digest.algorithm.rawValue)-\(digest.hex)" }
}

// Staging.
extension DiskLayout {
  private static let repositoryHexCount = 32

  func upload(_ key: UploadKey) -> String {
    let repository = StreamingHash.hash(Array(key.repository.text.utf8), .sha256)
    return "\(uploads)/\(key.id.text)@\(Hex.encode(repository).prefix(Self.repositoryHexCount))"
  }

  /// The id of an upload's file; `nil` for a stray file.
  func uploadID(ofFileNamed name: String) -> UploadID? {
    let parts = name.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == Self.repositoryHexCount else { return nil }
    return try? UploadID(parsing: parts[0])
  }

  func upload(fileNamed name: String) -> String { "\(uploads)/\(name)" }

  func fetch(_ digest: Digest) -> String { "\(fetches)/\(digest.algorithm.rawValue)-\(digest.hex)" }

  func fetchNote(_ digest: Digest) -> String { fetch(digest) + Self.noteSuffix }

  func fetch(fileNamed name: String) -> String { "\(fetches)/\(name)" }

  /// The blob that a file in the folder of fetches belongs to; `nil` for a stray file.
  func fetched(ofFileNamed name: String) -> (digest: Digest, isNote: Bool)? {
    let isNote = name.hasSuffix(Self.noteSuffix)
    let stem = isNote ? name.dropLast(Self.noteSuffix.count) : name[...]
    let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let digest = try? Digest(parsing: "\(parts[0]):\(parts[1])") else { return nil }
    return (digest, isNote)
  }

  private static let noteSuffix = ".note"

  func temporary(_ number: Int) -> String { "\(temporaries)/\(number)" }

  func temporary(fileNamed name: String) -> String { "\(temporaries)/\(name)" }
}

// The manifest shelf.
extension DiskLayout {
  static let manifestsComponent = "_manifests"

  func manifestFolder(of repository: RepositoryName, _ algorithm: Digest.Algorithm) -> String {
    "\(manifests)/\(repository.text)/\(Self.manifestsComponent)/\(algorithm.rawValue)"
  }

  func manifest(_ digest: Digest, of repository: RepositoryName) -> String {
    "\(manifestFolder(of: repository, digest.algorithm))/\(digest.hex)"
  }

  /// The folder under which the repositories of a prefix lie; the empty prefix is the shelf itself.
  func repositoryFolder(_ prefix: String) -> String { prefix.isEmpty ? manifests : "\(manifests)/\(prefix)" }
}

extension String {
  /// The folder that holds this path: `a/b` of `a/b/c`, `/` of `/a`, `.` of `a`.
  var parentFolder: String {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == startIndex ? "/" : String(self[..<slash])
  }
}
