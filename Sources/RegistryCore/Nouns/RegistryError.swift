/// The one error that crosses walls. Each adapter translates its own failures into it once; `RegistryHTTP` alone knows
/// which HTTP status a code becomes.
public struct RegistryError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    case blobUnknown = "BLOB_UNKNOWN"
    case blobNeeded = "BLOB_NEEDED"
    case uploadInvalid = "BLOB_UPLOAD_INVALID"
    case uploadUnknown = "BLOB_UPLOAD_UNKNOWN"
    case uploadRange = "BLOB_UPLOAD_RANGE"
    /// A fetch of the blob is under way, by another torrent than the one that is offered.
    case fetchConflict = "FETCH_CONFLICT"
    case digestInvalid = "DIGEST_INVALID"
    case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
    case manifestInvalid = "MANIFEST_INVALID"
    case manifestTooLarge = "MANIFEST_TOO_LARGE"
    case manifestUnknown = "MANIFEST_UNKNOWN"
    case nameInvalid = "NAME_INVALID"
    case nameUnknown = "NAME_UNKNOWN"
    case sizeInvalid = "SIZE_INVALID"
    case tagInvalid = "TAG_INVALID"
    /// A .torrent file or a magnet link that cannot be used.
    case torrentInvalid = "TORRENT_INVALID"
    case pageInvalid = "PAGINATION_NUMBER_INVALID"
    case unauthorized = "UNAUTHORIZED"
    case denied = "DENIED"
    case unsupported = "UNSUPPORTED"
    case tooManyRequests = "TOOMANYREQUESTS"
    /// No room: a full disk. What was acknowledged is safe.
    case storageFull = "STORAGE_FULL"
    /// The node cannot answer just now and may soon.
    case unavailable = "UNAVAILABLE"
    /// A fault of the node: an I/O error, a broken database, a bug.
    case `internal` = "UNKNOWN"
  }

  public let code: Code
  /// For the client: what happened and what to do about it. Never a path or a secret.
  public let message: String
  /// For the log only: the failure underneath.
  public let cause: String?
  /// Facts a program can use, for example the digests that are missing.
  public let detail: [String]

  public init(_ code: Code, _ message: String, cause: String? = nil, detail: [String] = []) {
    self.code = code
    self.message = message
    self.cause = cause
    self.detail = detail
  }

  public var description: String {
    cause.map { "\(code.rawValue): \(message) (\($0))" } ?? "\(code.rawValue): \(message)"
  }
}

extension RegistryError {
  static func digestInvalid(_ text: some StringProtocol, _ advice: String) -> RegistryError {
    RegistryError(.digestInvalid, "\(quoted(text)) is no digest: \(advice)")
  }

  static func nameInvalid(_ text: some StringProtocol, _ advice: String) -> RegistryError {
    RegistryError(.nameInvalid, "\(quoted(text)) is no repository name: \(advice)")
  }

  static func tagInvalid(_ text: some StringProtocol, _ advice: String) -> RegistryError {
    RegistryError(.tagInvalid, "\(quoted(text)) is no tag: \(advice)")
  }

  /// What a client wrote, cut to a length that a log line bears and without characters that a terminal obeys.
  private static func quoted(_ text: some StringProtocol) -> String {
    let shown = text.unicodeScalars.prefix(80).map { scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
    }
    return "'\(shown.joined())\(text.unicodeScalars.count > 80 ? "…" : "")'"
  }
}
