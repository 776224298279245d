import OpenSSLKit
import RegistryCore

/// Valid manifests by one call, for tests of catalogues and of what stands on them.
public struct ManifestFixture: Sendable {
  public let document: ManifestDocument
  public let digest: Digest

  public var descriptor: ManifestDocument.Descriptor {
    ManifestDocument.Descriptor(
      digest: digest, size: Int64(document.bytes.count), mediaType: document.facts.mediaType.text)
  }

  public init(json: String, contentType: MediaType? = nil) throws(RegistryError) {
    document = try ManifestDocument(bytes: Array(json.utf8), contentType: contentType)
    digest = .of(json)
  }

  /// An image with a config and layers.
  public static func image(
    config: StoredBlob, layers: [StoredBlob] = [], subject: ManifestDocument.Descriptor? = nil,
    artifactType: String? = nil, annotations: [String: String] = [:]
  ) throws(RegistryError) -> ManifestFixture {
    let notes = annotations.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
    var fields = [
      #""schemaVersion":2"#, #""mediaType":"\#(MediaType.ociManifest)""#,
      #""config":\#(json(config, "application/vnd.oci.image.config.v1+json"))"#,
      #""layers":[\#(layers.map { json($0, "application/vnd.oci.image.layer.v1.tar+gzip") }.joined(separator: ","))]"#,
    ]
    if let artifactType { fields.append(#""artifactType":"\#(artifactType)""#) }
    if let subject { fields.append(#""subject":\#(json(subject))"#) }
    if !notes.isEmpty { fields.append(#""annotations":{\#(notes.joined(separator: ","))}"#) }
    return try ManifestFixture(json: "{\(fields.joined(separator: ","))}")
  }

  /// An index of manifests.
  public static func index(_ children: [ManifestDocument.Descriptor]) throws(RegistryError) -> ManifestFixture {
    try ManifestFixture(
      json: """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociIndex)","manifests":[\
        \(children.map { json($0) }.joined(separator: ","))]}
        """)
  }

  private static func json(_ blob: StoredBlob, _ mediaType: String) -> String {
    #"{"mediaType":"\#(mediaType)","digest":"\#(blob.digest)","size":\#(blob.size)}"#
  }

  private static func json(_ descriptor: ManifestDocument.Descriptor) -> String {
    #"{"mediaType":"\#(descriptor.mediaType)","digest":"\#(descriptor.digest)","size":\#(descriptor.size)}"#
  }
}

extension Digest {
  /// The digest of a text's bytes.
  public static func of(_ text: String, algorithm: Algorithm = .sha256) -> Digest {
    let bytes = Array(text.utf8)
    return switch algorithm {
    case .sha256: Digest(algorithm: .sha256, hash: StreamingHash.hash(bytes, .sha256))
    case .sha512: Digest(algorithm: .sha512, hash: StreamingHash.hash(bytes, .sha512))
    }
  }
}

extension StoredBlob {
  /// A blob that holds `text`.
  public static func holding(_ text: String) -> StoredBlob {
    StoredBlob(digest: .of(text), size: Int64(text.utf8.count))
  }
}
