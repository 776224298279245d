import RegistryCore
import RegistryService

/// Small valid things to push.
enum Fixture {
  static let layer = Array("a layer".utf8)
  static let config = Array("{}".utf8)
  static let layerDigest = Digest(of: layer)
  static let configDigest = Digest(of: config)
  static let absentDigest = Digest(of: Array("nobody has this".utf8))
  static let manifestType = MediaType.ociManifest.text
  static let indexType = MediaType.ociIndex.text

  static let manifest = image()
  static let manifestDigest = Digest(of: manifest)

  static func image(
    layers: [(Digest, Int)] = [(layerDigest, layer.count)], subject: Digest? = nil, artifactType: String? = nil,
    annotations: String? = nil, mediaType: String? = manifestType,
    layerType: String = "application/vnd.oci.image.layer.v1.tar"
  ) -> [UInt8] {
    let listed = layers.map { descriptor($0.0, $0.1, layerType) }.joined(separator: ",")
    var text = "{\"schemaVersion\":2"
    if let mediaType { text += ",\"mediaType\":\"\(mediaType)\"" }
    if let artifactType { text += ",\"artifactType\":\"\(artifactType)\"" }
    text += ",\"config\":" + descriptor(configDigest, config.count, "application/vnd.oci.image.config.v1+json")
    text += ",\"layers\":[\(listed)]"
    if let subject { text += ",\"subject\":" + descriptor(subject, 7, manifestType) }
    if let annotations { text += ",\"annotations\":\(annotations)" }
    return Array((text + "}").utf8)
  }

  static func index(_ children: [(Digest, Int)]) -> [UInt8] {
    let listed = children.map { descriptor($0.0, $0.1, manifestType) }.joined(separator: ",")
    return Array("{\"schemaVersion\":2,\"mediaType\":\"\(indexType)\",\"manifests\":[\(listed)]}".utf8)
  }

  private static func descriptor(_ digest: Digest, _ size: Int, _ type: String) -> String {
    "{\"mediaType\":\"\(type)\",\"digest\":\"\(digest)\",\"size\":\(size)}"
  }

  /// Rows that bring config and layer into a repository.
  static func blobs(_ repository: String) -> [Call] {
    [push(layer, to: repository), push(config, to: repository)]
  }

  static func push(_ blob: [UInt8], to repository: String) -> Call {
    Call("POST", "/v2/\(repository)/blobs/uploads/?digest=\(Digest(of: blob))", body: blob, 201)
  }

  static func put(_ manifest: [UInt8], _ repository: String, _ reference: String, _ type: String = manifestType) -> Call
  {
    Call("PUT", "/v2/\(repository)/manifests/\(reference)", [("Content-Type", type)], body: manifest, 201)
  }
}
