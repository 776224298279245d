import RegistryCore

/// Who has these blobs of this repository? Asked of the members that rank highest for them, all layers of an image in one
/// question.
///
/// Who may have a blob is decided by whoever hands out its bytes: he checks that a present manifest *of the repository
/// that is named* refers to the digest, before the first byte (`LocateAuthority`). The member that is asked here holds no
/// manifest to check with; it answers members only, and `Holder`s are all that it tells.
public struct LocateQuestion: Hashable, Sendable {
  public static let digestLimit = 256

  public let repository: RepositoryName
  /// Each once.
  public let digests: [Digest]
  /// Where the asker stands.
  public let zone: Zone?

  /// `nil`: none, one twice, or more than one question holds.
  public init?(repository: RepositoryName, digests: [Digest], zone: Zone?) {
    guard 1...Self.digestLimit ~= digests.count, Set(digests).count == digests.count else { return nil }
    (self.repository, self.digests, self.zone) = (repository, digests, zone)
  }
}

/// For each digest of a question, in its order, who is said to have it: the ones to try first first.
public struct LocateAnswer: Hashable, Sendable {
  public static let holderLimit = 50

  public let holders: [[Holder]]

  /// `nil`: out of bounds.
  public init?(_ holders: [[Holder]]) {
    guard holders.count <= LocateQuestion.digestLimit, holders.allSatisfy({ $0.count <= Self.holderLimit }) else {
      return nil
    }
    self.holders = holders
  }
}

/// Decides whether a repository's readers may have a blob. Asked on the answering side, before bytes are handed out:
/// otherwise a digest alone would read any blob of the fleet.
public protocol LocateAuthority: Sendable {
  /// Whether a present manifest of the repository refers to the digest, as far as this node knows.
  func isReferred(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool
}

extension LocateQuestion {
  package var bencoded: BencodeValue {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "digests": .bytes(DigestRow.bytes(digests)), "repository": .text(repository.text),
    ]
    if let zone { entries["zone"] = .text(zone.description) }
    return .dictionary(entries)
  }

  package init?(_ view: BencodeView) {
    let zone = view["zone"]?.text.flatMap(Zone.init(parsing:))
    guard (zone == nil) == (view["zone"] == nil),
      let repository = view["repository"]?.text.flatMap({ try? RepositoryName(parsing: $0) }),
      let digests = view["digests"]?.bytes.flatMap({ DigestRow.digests($0, limit: Self.digestLimit) })
    else { return nil }
    self.init(repository: repository, digests: digests, zone: zone)
  }
}

extension LocateAnswer {
  package var bencoded: BencodeValue {
    .dictionary(["holders": .list(holders.map { .bytes($0.flatMap(\.bytes)) })])
  }

  package init?(_ view: BencodeView) {
    guard let rows = view["holders"]?.items, rows.count <= LocateQuestion.digestLimit else { return nil }
    let holders = rows.compactMap { $0.bytes.flatMap(Self.holders) }
    guard holders.count == rows.count else { return nil }
    self.init(holders)
  }

  private static func holders(_ row: ArraySlice<UInt8>) -> [Holder]? {
    guard row.count.isMultiple(of: Holder.byteCount), row.count <= holderLimit * Holder.byteCount else { return nil }
    let starts = stride(from: row.startIndex, to: row.endIndex, by: Holder.byteCount)
    let holders = starts.compactMap { Holder(bytes: row[$0..<$0 + Holder.byteCount]) }
    return holders.count * Holder.byteCount == row.count ? holders : nil
  }
}
