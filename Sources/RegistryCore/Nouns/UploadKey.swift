/// Which upload: its number and the repository that it was begun in. An upload is known under both or not at all.
public struct UploadKey: Hashable, Sendable {
  public let repository: RepositoryName
  public let id: UploadID

  public init(repository: RepositoryName, id: UploadID) {
    self.repository = repository
    self.id = id
  }
}

/// 128 random bits in lowercase hex: not to be guessed, and safe as a file's name.
public struct UploadID: Hashable, Sendable, CustomStringConvertible {
  public static let byteCount = 16

  public let text: String

  public var description: String { text }

  public init(parsing text: some StringProtocol) throws(RegistryError) {
    guard text.utf8.count == Self.byteCount * 2, text.utf8.allSatisfy(Hex.isLowercaseDigit) else {
      throw RegistryError(.uploadUnknown, "no such upload; start again with POST /v2/NAME/blobs/uploads/")
    }
    self.text = String(text)
  }

  public init(random bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount, "an upload id has \(Self.byteCount) bytes")
    text = Hex.encode(bytes)
  }
}
