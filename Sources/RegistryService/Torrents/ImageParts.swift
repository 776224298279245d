import RegistryCore

/// One of the things that an image is made of: a manifest, its config, a layer.
public struct ImagePart: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case manifest
    case blob
  }

  public let kind: Kind
  public let digest: Digest
  public let size: Int64
  public let mediaType: String
  /// Whether the repository holds it.
  public let isPresent: Bool
}

/// Walks an image from its manifest down, an index to its children too: each part once, in the order in which a client
/// would come by it.
public struct ImageParts: Sendable {
  private let registry: Registry

  /// An index of indexes of … is nobody's image.
  private static let depthLimit = 4
  private static let partLimit = 10_000

  public init(_ registry: Registry) { self.registry = registry }

  public func list(_ reference: Reference, in repository: RepositoryName) async throws(RegistryError) -> [ImagePart] {
    var walk = Walk()
    let root = try await registry.manifests.resolve(reference, in: repository)
    try await enter(root, repository, depth: 0, &walk)
    return walk.parts
  }

  private struct Walk {
    var parts: [ImagePart] = []
    var seen: Set<Digest> = []

    mutating func add(_ part: ImagePart) throws(RegistryError) {
      guard seen.insert(part.digest).inserted else { return }
      guard parts.count < ImageParts.partLimit else {
        throw RegistryError(.manifestInvalid, "the image has more than \(ImageParts.partLimit) parts")
      }
      parts.append(part)
    }
  }

  private func enter(
    _ manifest: StoredManifest, _ repository: RepositoryName, depth: Int, _ walk: inout Walk
  ) async throws(RegistryError) {
    guard depth < Self.depthLimit, !walk.seen.contains(manifest.digest) else { return }
    try walk.add(
      ImagePart(
        kind: .manifest, digest: manifest.digest, size: Int64(manifest.size), mediaType: manifest.mediaType.text,
        isPresent: true))
    let bytes = try await registry.manifests.bytes(of: manifest, in: repository)
    let document = try ManifestDocument(bytes: bytes, contentType: manifest.mediaType)
    for blob in document.blobs {
      try walk.add(blob.part(.blob, isPresent: try await registry.blobs.holds(blob.digest, in: repository)))
    }
    for child in document.children {
      guard try await registry.manifests.holds(child.digest, in: repository) else {
        try walk.add(child.part(.manifest, isPresent: false))
        continue
      }
      let next = try await registry.manifests.resolve(.digest(child.digest), in: repository)
      try await enter(next, repository, depth: depth + 1, &walk)
    }
  }
}

extension ManifestDocument.Descriptor {
  fileprivate func part(_ kind: ImagePart.Kind, isPresent: Bool) -> ImagePart {
    ImagePart(kind: kind, digest: digest, size: size, mediaType: mediaType, isPresent: isPresent)
  }
}
