import RegistryCore
import Wire

/// The only place that knows which HTTP status a registry error becomes, and under which of the specification's codes
/// (distribution-spec 1.1, "Error Codes") a client reads it.
enum ErrorTable {
  static func status(of code: RegistryError.Code) -> Int {
    switch code {
    case .blobUnknown, .uploadUnknown, .manifestUnknown, .nameUnknown: 404
    case .uploadRange: 416
    case .manifestBlobUnknown, .uploadInvalid, .digestInvalid, .manifestInvalid, .nameInvalid, .sizeInvalid,
      .tagInvalid, .torrentInvalid, .pageInvalid:
      400
    case .manifestTooLarge: 413
    case .blobNeeded, .fetchConflict: 409
    case .unauthorized: 401
    case .denied: 403
    case .unsupported: 405
    case .tooManyRequests: 429
    case .storageFull: 507
    case .unavailable: 503
    case .internal: 500
    }
  }

  /// Clients know a closed list of codes; ours that are finer fold into it. Server errors are free.
  static func publishedCode(of code: RegistryError.Code) -> String {
    switch code {
    case .uploadRange: RegistryError.Code.uploadInvalid.rawValue
    case .manifestTooLarge: RegistryError.Code.sizeInvalid.rawValue
    case .blobNeeded, .fetchConflict: RegistryError.Code.denied.rawValue
    case .tagInvalid: RegistryError.Code.manifestInvalid.rawValue
    case .pageInvalid: RegistryError.Code.unsupported.rawValue
    default: code.rawValue
    }
  }

  /// When a client should come back, for answers that say "not now".
  static func retryAfterSeconds(_ code: RegistryError.Code) -> Int? {
    switch code {
    case .tooManyRequests, .unavailable: 1
    case .storageFull: 60
    default: nil
    }
  }
}

extension Response {
  /// The specification's error document.
  init(_ error: RegistryError) {
    let entry = ErrorDocument.Entry(
      code: ErrorTable.publishedCode(of: error.code), message: error.message,
      detail: error.detail.isEmpty ? nil : error.detail)
    self = .json(ErrorDocument(errors: [entry]), status: ErrorTable.status(of: error.code))
    if let seconds = ErrorTable.retryAfterSeconds(error.code) { fields.append("Retry-After", "\(seconds)") }
  }

  static func methodNotAllowed(_ allowed: String) -> Response {
    var response = Response(RegistryError(.unsupported, "this path answers to \(allowed)"))
    response.fields.append("Allow", allowed)
    return response
  }
}

public struct ErrorDocument: Codable, Sendable {
  public struct Entry: Codable, Sendable {
    public let code: String
    public let message: String
    public let detail: [String]?
  }

  public let errors: [Entry]
}
