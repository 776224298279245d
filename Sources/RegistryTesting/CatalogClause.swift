import RegistryCore

/// What the catalogue's contracts are checked against: its ports, as one thing.
public typealias CatalogPorts = Catalogue & Content & Names & Tickets & TorrentWishes & UnreadManifests

/// One sentence of a contract and the check that it holds, on a catalogue that holds nothing yet.
public struct CatalogClause: Sendable, CustomStringConvertible {
  public let description: String
  public let check: @Sendable (any CatalogPorts) async throws -> Void

  init(_ sentence: String, _ check: @escaping @Sendable (any CatalogPorts) async throws -> Void) {
    description = sentence
    self.check = check
  }
}

/// A catalogue that breaks its contract.
public struct CatalogViolation: Error, CustomStringConvertible {
  public let description: String

  static func unless(_ holds: Bool, _ words: String) throws(CatalogViolation) {
    if !holds { throw CatalogViolation(description: words) }
  }

  static func unlessEqual<Value: Equatable>(
    _ seen: Value, _ expected: Value, _ what: String
  ) throws(CatalogViolation) {
    if seen != expected { throw CatalogViolation(description: "\(what): \(seen) where \(expected) was due") }
  }
}

/// Names and blobs that the contracts speak of.
enum Sample {
  static let config = StoredBlob.holding("config")
  static let layer = StoredBlob.holding("layer")

  static func repository(_ text: String = "team/app") throws(RegistryError) -> RepositoryName {
    try RepositoryName(parsing: text)
  }

  static func tag(_ text: String) throws(RegistryError) -> Tag { try Tag(parsing: text) }

  /// An image of the two blobs; `version` makes it another one.
  static func image(_ version: Int = 0) throws(RegistryError) -> ManifestFixture {
    try .image(config: config, layers: [layer], annotations: ["version": "\(version)"])
  }

  /// Links the blobs and publishes the image.
  @discardableResult
  static func push(
    _ version: Int = 0, tags: [String] = [], to repository: RepositoryName, of catalog: any CatalogPorts
  ) async throws -> ManifestFixture {
    let image = try image(version)
    try await catalog.link(config, to: repository)
    try await catalog.link(layer, to: repository)
    let outcome = try await catalog.publish(image, tags: tags, in: repository)
    try CatalogViolation.unlessEqual(outcome, .published, "publishing an image whose blobs are linked")
    return image
  }
}

extension Names {
  func publish(
    _ manifest: ManifestFixture, tags: [String] = [], in repository: RepositoryName,
    demands: Publication.Demand = .everything, saysAgain: Bool = false
  ) async throws(RegistryError) -> PublishOutcome {
    var parsed: [Tag] = []
    for tag in tags { parsed.append(try Tag(parsing: tag)) }
    return try await publish(
      Publication(
        repository: repository, digest: manifest.digest, document: manifest.document, tags: parsed, demands: demands,
        saysAgain: saysAgain))
  }

  func resolved(_ reference: String, in repository: RepositoryName) async throws(RegistryError) -> Digest? {
    try await resolve(Reference(parsing: reference), in: repository)?.digest
  }
}
