import RegistryCore

/// What one member does so that others may rely on it: it says what of an image is not here, and takes that in.
extension Registry {
  /// Of a manifest and the blobs that it names what is not whole on this node; nobody else is asked.
  /// - Throws: `manifestUnknown` when no such manifest is present in the repository.
  public func lacking(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> [Digest] {
    let manifest = try await manifests.resolveHere(.digest(digest), in: repository)
    guard let bytes = try await manifests.bytesHere(of: manifest) else { return [digest] }
    // A member may ask this of hundreds.
    let needed = try await ports.work.run { () throws(RegistryError) in
      try ManifestDocument(bytes: bytes, contentType: manifest.mediaType).blobs
    }
    var lacking: [Digest] = []
    // Nobody need keep a blob of no bytes.
    for blob in needed where blob.size > 0 {
      if try await !blobs.holds(blob.digest, in: repository) { lacking.append(blob.digest) }
    }
    return lacking
  }

  /// Begins to fetch what is lacking of it, from whoever has it. A digest alone fetches nothing: the manifest must be
  /// present in the repository, and each blob be named there.
  public func keep(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) {
    let manifest = try await manifests.resolve(.digest(digest), in: repository)
    _ = try await manifests.bytes(of: manifest, in: repository)
    for blob in try await lacking(of: digest, in: repository) {
      // The fetch goes on without its reader.
      _ = try await blobs.open(blob, in: repository)
    }
  }

  /// Has the manifest itself brought here, where it is not. `false`: nobody who has it answers just now.
  public func bring(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    let manifest = try await manifests.resolveHere(.digest(digest), in: repository)
    do throws(RegistryError) {
      _ = try await manifests.bytes(of: manifest, in: repository)
      return true
    } catch {
      guard error.code == .unavailable else { throw error }
      return false
    }
  }

  /// Fetches a part of an image, the manifest itself or a blob that it names, from whoever has it, and waits until it is
  /// here.
  /// - Returns: its size.
  public func bring(_ part: Digest, of name: ImageName) async throws(RegistryError) -> Int64 {
    guard part != name.digest else {
      let manifest = try await manifests.resolveHere(.digest(part), in: name.repository)
      _ = try await manifests.bytes(of: manifest, in: name.repository)
      return Int64(manifest.size)
    }
    let reader = try await blobs.open(part, in: name.repository)
    // The fetch goes on without its reader.
    _ = try await fetches?.completion(of: part, in: name.repository)
    return reader.size
  }

  /// Whether the manifest itself is here.
  public func hasBytes(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await manifests.bytesHere(of: try await manifests.resolveHere(.digest(digest), in: repository)) != nil
  }
}
