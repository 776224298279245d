/// What the registry knows of a manifest without reading it again.
public struct ManifestFacts: Hashable, Sendable {
  public let mediaType: MediaType
  public let size: Int
  public let subject: Digest?
  /// As the referrers API reports it: the manifest's own `artifactType`, else its config's media type.
  public let artifactType: String?

  public init(mediaType: MediaType, size: Int, subject: Digest?, artifactType: String?) {
    self.mediaType = mediaType
    self.size = size
    self.subject = subject
    self.artifactType = artifactType
  }
}

/// A manifest as a client gets it: the bytes exactly as pushed.
public struct StoredManifest: Sendable {
  public let digest: Digest
  public let mediaType: MediaType
  public let size: Int
  /// `nil` when the catalogue does not keep bytes of this size: read the blob of the same digest.
  public let bytes: [UInt8]?

  public init(digest: Digest, mediaType: MediaType, size: Int, bytes: [UInt8]?) {
    self.digest = digest
    self.mediaType = mediaType
    self.size = size
    self.bytes = bytes
  }
}
