/// What the operator API says, as JSON. The command line reads these, and prints them for `--json` as they are.
public struct NodeDocument: Codable, Sendable {
  public let version: String
  public let pid: Int32
  public let data: String
  /// What clients call the registry. Absent: an earlier release, which does not say.
  public let names: [String]?

  public init(version: String, pid: Int32, data: String, names: [String]) {
    (self.version, self.pid, self.data, self.names) = (version, pid, data, names)
  }
}

public struct RepositoryDocument: Codable, Sendable {
  public let repository: String
  public let tags: Int
  public let manifests: Int
}

public struct TagDocument: Codable, Sendable {
  public let tag: String
  public let digest: String
  public let mediaType: String
  public let size: Int
  public let pushedAtMilliseconds: Int64
}

public struct ImageDocument: Codable, Sendable {
  public let repository: String
  public let digest: String
  public let mediaType: String
  public let size: Int
  public let tags: [String]
  public let subject: String?
  public let artifactType: String?
  public let blobs: [Entry]
  public let manifests: [Entry]
  /// Absent: the node keeps images with nobody.
  public let keeping: KeepersDocument?

  public struct Entry: Codable, Sendable {
    public let digest: String
    public let mediaType: String
    public let size: Int64
    /// Whether the repository holds it.
    public let isPresent: Bool
  }
}

public struct TagEventDocument: Codable, Sendable {
  /// `nil`: the tag was removed.
  public let digest: String?
  public let atMilliseconds: Int64
  /// Whether the tag could go back to it.
  public let isPresent: Bool
}

public struct RollbackDocument: Codable, Sendable {
  public let repository: String
  public let tag: String
  public let digest: String
}

/// One line of a verification as it goes on.
public struct VerificationDocument: Codable, Sendable {
  public let checkedBlobs: Int
  public let checkedBytes: Int64
  /// Of 256 that hold about as much each.
  public let checkedShelves: Int
  public let rotten: [String]
  public let quarantined: Int
  public let isFinished: Bool
}
