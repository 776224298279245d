/// The media types that the tests speak of.
enum MediaTypes {
  static let manifest = "application/vnd.oci.image.manifest.v1+json"
  static let index = "application/vnd.oci.image.index.v1+json"
  static let config = "application/vnd.oci.image.config.v1+json"
  static let layer = "application/vnd.oci.image.layer.v1.tar"
}

/// An image made for a test: layers, config and the manifest that names them.
struct TestImage: Sendable {
  var layers: [Blob]
  var config = Blob("{}")
  var configType = MediaTypes.config
  var layerType = MediaTypes.layer
  /// More of the manifest's fields, as JSON behind a comma.
  var more = ""

  init(layers: [Blob]) { self.layers = layers }

  /// One small layer, another for each text.
  init(_ text: String) { self.init(layers: [Blob("layer of " + text)]) }

  var blobs: [Blob] { layers + [config] }

  var manifest: Blob {
    let listed = layers.map { $0.descriptor(layerType) }.joined(separator: ",")
    return Blob(
      "{\"schemaVersion\":2,\"mediaType\":\"\(MediaTypes.manifest)\",\"config\":\(config.descriptor(configType)),"
        + "\"layers\":[\(listed)]\(more)}")
  }

  /// The image as one that speaks about another manifest.
  func about(_ subject: Blob, artifactType: String? = nil, annotations: String? = nil) -> TestImage {
    var image = self
    image.more = ",\"subject\":\(subject.descriptor(MediaTypes.manifest))"
    if let artifactType { image.more += ",\"artifactType\":\"\(artifactType)\"" }
    if let annotations { image.more += ",\"annotations\":\(annotations)" }
    return image
  }

  static func index(of manifests: [Blob], more: String = "") -> Blob {
    let listed = manifests.map { $0.descriptor(MediaTypes.manifest) }.joined(separator: ",")
    return Blob(
      "{\"schemaVersion\":2,\"mediaType\":\"\(MediaTypes.index)\",\"manifests\":[\(listed)]\(more)}")
  }
}
