import OpenSSLKit
import RegistryCore
import Testing

@Suite struct ClaimStatementTests {
  let repository: RepositoryName
  let digests: [Digest]

  init() throws {
    repository = try RepositoryName(parsing: "team/app")
    digests = [
      Digest(algorithm: .sha256, hash: StreamingHash.hash([1], .sha256)),
      Digest(algorithm: .sha512, hash: StreamingHash.hash([1], .sha512)),
    ]
  }

  private func read(_ statement: Claim.Statement, value: [UInt8]?) -> Claim.Statement? {
    Claim.Statement(statement.name, value: value)
  }

  @Test(arguments: [nil, "", "application/vnd.example", "'; DROP TABLE tag; --", "\0 \u{FEFF} 🐟"])
  func factsSurviveTheirClaimAndHaveOneSpelling(_ artifactType: String?) throws {
    for subject in [nil, digests[0], digests[1]] {
      let facts = ManifestFacts(mediaType: .ociIndex, size: 4 << 20, subject: subject, artifactType: artifactType)
      let statement = Claim.Statement.manifest(repository, digests[0], .present(facts))
      let value = try #require(statement.value)
      #expect(read(statement, value: value) == statement)
      for cut in 0..<value.count { #expect(read(statement, value: Array(value.prefix(cut))) == nil) }
      #expect(read(statement, value: value + [0]) == nil)
    }
  }

  @Test func tagsAndTombstonesSurviveTheirClaim() throws {
    let tag = try Tag(parsing: "v1.0")
    let statements: [Claim.Statement] = [
      .tag(repository, tag, digests[0]), .tag(repository, tag, digests[1]), .tag(repository, tag, nil),
      .manifest(repository, digests[1], .gone),
    ]
    for statement in statements { #expect(read(statement, value: statement.value) == statement) }
    #expect(read(statements[0], value: []) == nil && read(statements[0], value: [0x12]) == nil)
  }

  @Test(arguments: [[], [0x2E], [0xFF], Array("a b".utf8), Array(repeating: 0x61, count: 129)] as [[UInt8]])
  func aKeyThatIsNoTagSaysNothing(_ key: [UInt8]) {
    #expect(Claim.Statement(ClaimedName(repository: repository, kind: .tag, key: key), value: nil) == nil)
  }

  @Test func textThatIsNotUTF8AndMediaTypesThatAreWrittenOtherwiseSayNothing() throws {
    let facts = ManifestFacts(mediaType: .ociIndex, size: 1, subject: nil, artifactType: "xyz")
    let statement = Claim.Statement.manifest(repository, digests[0], .present(facts))
    var value = try #require(statement.value)
    value[value.count - 1] = 0xFF
    #expect(read(statement, value: value) == nil)
    value[value.count - 1] = UInt8(ascii: "z")
    #expect(read(statement, value: value) == statement)
    value[13] = UInt8(ascii: " ")
    #expect(read(statement, value: value) == nil, "a space before the media type")
  }

  @Test func kindsOfLaterReleasesSayNothingYet() {
    for kind: Int64 in [3, 77, .max] {
      let name = ClaimedName(repository: repository, kind: ClaimKind(rawValue: kind), key: [1])
      #expect(Claim.Statement(name, value: nil) == nil)
    }
  }

  /// What is published can always be carried to other members.
  @Test func theLongestClaimFits() throws {
    let part = String(repeating: "a", count: 127)
    let facts = ManifestFacts(
      mediaType: try #require(MediaType(parsing: "\(part)/\(part)")), size: .max, subject: digests[1],
      artifactType: String(repeating: "a", count: ManifestFacts.artifactTypeByteLimit))
    let name = try RepositoryName(parsing: String(repeating: "a", count: RepositoryName.byteLimit))
    let node = try #require(NodeID(digests[0].hash))
    let previous = try #require(ClaimHash(digests[0].hash))
    let statement = Claim.Statement.manifest(name, digests[1], .present(facts))
    let body = SignedClaim.Body(
      writer: WriterID(node: node, epoch: .max), sequence: .max, clock: HybridTime(rawValue: .max), kind: .manifest,
      repository: name, key: statement.key, value: statement.value, previous: previous)
    let claim = try #require(SignedClaim(body, signature: Array(repeating: 1, count: 64)))
    #expect(claim.bytes.count < SignedClaim.byteLimit)
    #expect(SignedClaim(bytes: claim.bytes[...]) == claim)
  }
}
