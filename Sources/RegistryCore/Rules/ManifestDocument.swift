import FoundationEssentials

/// A pushed manifest, read once at the door. What it says is checked here; whether the things that it names are present
/// is the catalogue's question.
public struct ManifestDocument: Sendable {
  public let facts: ManifestFacts
  public let bytes: [UInt8]
  /// Blobs that must be in the repository: config and layers, without those that live elsewhere by design.
  public let blobs: [Descriptor]
  /// Manifests that must be in the repository: the children of an index.
  public let children: [Descriptor]
  /// The manifest's annotations, for the referrers API.
  public let annotations: [String: String]

  public struct Descriptor: Hashable, Sendable {
    public let digest: Digest
    public let size: Int64
    public let mediaType: String

    public init(digest: Digest, size: Int64, mediaType: String) {
      self.digest = digest
      self.size = size
      self.mediaType = mediaType
    }
  }

  /// - Parameter contentType: the `Content-Type` of the request; `nil` when the client sent none.
  public init(bytes: [UInt8], contentType: MediaType?) throws(RegistryError) {
    let json = try ManifestJSON(bytes)
    let mediaType = try json.mediaType(sentAs: contentType)
    try json.checkSchemaVersion(of: mediaType)

    let artifactType = json.reportedArtifactType(of: mediaType)
    guard (artifactType?.utf8.count ?? 0) <= ManifestFacts.artifactTypeByteLimit else {
      throw RegistryError(
        .manifestInvalid,
        "the manifest's artifactType (or its config's mediaType) is longer than \(ManifestFacts.artifactTypeByteLimit) "
          + "bytes; it must be a media type")
    }
    self.bytes = bytes
    blobs = try json.requiredBlobs(of: mediaType)
    children = try json.children(of: mediaType)
    annotations = json.annotations ?? [:]
    facts = ManifestFacts(
      mediaType: mediaType, size: bytes.count, subject: try json.subject?.checked("subject").digest,
      artifactType: artifactType)
  }
}

/// The fields of a manifest that a registry acts on; everything else is the client's business and kept in the bytes.
private struct ManifestJSON: Decodable {
  let schemaVersion: Int?
  let mediaType: String?
  let artifactType: String?
  let config: DescriptorJSON?
  let layers: [DescriptorJSON]?
  let manifests: [DescriptorJSON]?
  let subject: DescriptorJSON?
  let annotations: [String: String]?

  init(_ bytes: [UInt8]) throws(RegistryError) {
    // JSON holds no zero byte, UTF-16 and UTF-32 hold little else, and the decoder would guess them: other readers of
    // these bytes would not (RFC 8259, 8.1).
    guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
      throw RegistryError(.manifestInvalid, "the manifest is not UTF-8; push the JSON document itself")
    }
    do {
      self = try JSONDecoder().decode(ManifestJSON.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw RegistryError(.manifestInvalid, "the manifest is not a JSON manifest: \(error.advice)")
    } catch {
      throw RegistryError(.manifestInvalid, "the manifest is not JSON", cause: "\(error)")
    }
  }

  /// image-spec, manifest.md: `mediaType` SHOULD be there and SHOULD match the Content-Type; where both are there and
  /// differ, one of them lies and readers would disagree about what this is.
  func mediaType(sentAs contentType: MediaType?) throws(RegistryError) -> MediaType {
    let written = mediaType.flatMap { $0.isEmpty ? nil : $0 }
    if let written, let contentType, written != contentType.text {
      throw RegistryError(
        .manifestInvalid, "Content-Type is \(contentType) and the manifest's mediaType is \(written): send them equal")
    }
    if let contentType { return contentType }
    if let written {
      guard let known = MediaType(parsing: written), known.text == written else {
        throw RegistryError(.manifestInvalid, "the manifest's mediaType is not a media type")
      }
      return known
    }
    if manifests != nil { return .ociIndex }
    if config != nil || layers != nil { return .ociManifest }
    throw RegistryError(.manifestInvalid, "the manifest says nowhere what it is: send a Content-Type")
  }

  func checkSchemaVersion(of type: MediaType) throws(RegistryError) {
    guard Shape(of: type) != .other else { return }
    guard schemaVersion == 2 else {
      throw RegistryError(.manifestInvalid, "a manifest of type \(type) has schemaVersion 2")
    }
  }

  func requiredBlobs(of type: MediaType) throws(RegistryError) -> [ManifestDocument.Descriptor] {
    if Shape(of: type) == .image, config == nil {
      throw RegistryError(.manifestInvalid, "an image manifest names its config; this one does not")
    }
    guard Shape(of: type) != .index else { return [] }
    var required: [ManifestDocument.Descriptor] = []
    if let config { required.append(try config.checked("config")) }
    for (at, layer) in (layers ?? []).enumerated() {
      let descriptor = try layer.checked("layers[\(at)]")
      if !layer.livesElsewhere { required.append(descriptor) }
    }
    return required
  }

  func children(of type: MediaType) throws(RegistryError) -> [ManifestDocument.Descriptor] {
    if Shape(of: type) == .index, manifests == nil {
      throw RegistryError(.manifestInvalid, "an index names its manifests; this one does not")
    }
    guard Shape(of: type) != .image else { return [] }
    var named: [ManifestDocument.Descriptor] = []
    for (at, child) in (manifests ?? []).enumerated() { named.append(try child.checked("manifests[\(at)]")) }
    return named
  }

  /// distribution-spec 1.1, "Listing Referrers": an image manifest without artifactType reports its config's media type.
  func reportedArtifactType(of type: MediaType) -> String? {
    if let artifactType, !artifactType.isEmpty { return artifactType }
    return Shape(of: type) == .index ? nil : config?.mediaType
  }

  /// Which fields a type obliges. Types that we do not know are kept, and checked for what they do name.
  private enum Shape {
    case image, index, other

    init(of type: MediaType) {
      switch type {
      case .ociManifest, .dockerManifest: self = .image
      case .ociIndex, .dockerList: self = .index
      default: self = .other
      }
    }
  }
}

private struct DescriptorJSON: Decodable {
  let mediaType: String?
  let digest: String?
  let size: Int64?
  let urls: [String]?

  var livesElsewhere: Bool {
    guard let mediaType, MediaType(parsing: mediaType)?.isNonDistributable == true else { return false }
    return true
  }

  func checked(_ place: String) throws(RegistryError) -> ManifestDocument.Descriptor {
    guard let digest else { throw RegistryError(.manifestInvalid, "\(place) has no digest") }
    guard let size, size >= 0 else { throw RegistryError(.manifestInvalid, "\(place) has no size of 0 or more") }
    guard let parsed = try? Digest(parsing: digest) else {
      throw RegistryError(.manifestInvalid, "\(place) has a digest that is none; use sha256:HEX or sha512:HEX")
    }
    return ManifestDocument.Descriptor(digest: parsed, size: size, mediaType: mediaType ?? "")
  }
}

extension DecodingError {
  /// Where the document went wrong, in words that help its author.
  fileprivate var advice: String {
    switch self {
    case .typeMismatch(let type, let context): "\(context.place) should be \(type)"
    case .valueNotFound(let type, let context): "\(context.place) should be \(type), not null"
    case .keyNotFound(let key, let context): "\(context.place) lacks \(key.stringValue)"
    case .dataCorrupted(let context): context.codingPath.isEmpty ? "it does not parse" : "\(context.place) is malformed"
    @unknown default: "it does not parse"
    }
  }
}

extension DecodingError.Context {
  fileprivate var place: String {
    codingPath.isEmpty ? "the document" : codingPath.map(\.stringValue).joined(separator: ".")
  }
}
