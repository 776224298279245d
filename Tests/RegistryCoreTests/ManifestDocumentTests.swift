import RegistryCore
import Testing

@Suite struct ManifestDocumentTests {
  static let digest = "sha256:\(DigestTests.sha256)"
  static let other = "sha256:f\(DigestTests.sha256.dropFirst())"

  static func descriptor(_ digest: String = digest, size: Int64 = 3, type: String = "application/x", more: String = "")
    -> String
  {
    #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(size)\#(more)}"#
  }

  private func parse(_ json: String, as type: MediaType? = .ociManifest) throws(RegistryError) -> ManifestDocument {
    try ManifestDocument(bytes: Array(json.utf8), contentType: type)
  }

  /// The message of a refusal, which must be the client's fault.
  private func refusal(_ json: String, as type: MediaType? = .ociManifest) -> String? {
    let error = #expect(throws: RegistryError.self, "\(json.prefix(200))") { try parse(json, as: type) }
    #expect(error?.code == .manifestInvalid)
    return error?.message
  }

  @Test func anImageNamesItsConfigAndLayersInOrder() throws {
    let json = """
      { "schemaVersion": 2, "config": \(Self.descriptor()), "layers": [\(Self.descriptor(Self.other, size: 0)),
        \(Self.descriptor())], "annotations": {"a": "b", "🐟": ""}, "unknown": [1, {"x": null}] }
      """
    let document = try parse(json)
    #expect(document.bytes == Array(json.utf8), "byte for byte")
    #expect(document.blobs.map(\.digest.description) == [Self.digest, Self.other, Self.digest])
    #expect(document.blobs.map(\.size) == [3, 0, 3])
    #expect(document.children.isEmpty)
    #expect(document.annotations == ["a": "b", "🐟": ""])
    #expect(document.facts.size == json.utf8.count && document.facts.subject == nil)
    #expect(document.facts.artifactType == "application/x", "the config's media type")
  }

  @Test func anIndexNamesItsManifests() throws {
    let json = #"{"schemaVersion":2,"manifests":[\#(Self.descriptor()),\#(Self.descriptor(Self.other))]}"#
    for type in [MediaType.ociIndex, .dockerList] {
      let document = try parse(json, as: type)
      #expect(document.children.map(\.digest.description) == [Self.digest, Self.other])
      #expect(document.blobs.isEmpty && document.facts.artifactType == nil)
    }
  }

  @Test func aSubjectAndAnArtifactTypeAreFacts() throws {
    let json = """
      {"schemaVersion":2,"artifactType":"application/vnd.sbom","config":\(Self.descriptor()),"layers":[],
      "subject":\(Self.descriptor(Self.other))}
      """
    let facts = try parse(json).facts
    #expect(facts.subject?.description == Self.other)
    #expect(facts.artifactType == "application/vnd.sbom")
  }

  /// Neither as the manifest's own nor as its config's: a claim must carry it to every member.
  @Test func anArtifactTypeThatIsLongerThanAnyMediaTypeIsRefused() throws {
    for (count, isRefused) in [(ManifestFacts.artifactTypeByteLimit, false), (1_025, true), (100_000, true)] {
      let type = String(repeating: "x", count: count)
      for json in [
        #"{"schemaVersion":2,"artifactType":"\#(type)","config":\#(Self.descriptor()),"layers":[]}"#,
        #"{"schemaVersion":2,"config":{"mediaType":"\#(type)","digest":"\#(Self.digest)","size":3},"layers":[]}"#,
      ] {
        do {
          let facts = try parse(json).facts
          #expect(!isRefused && facts.artifactType == type)
        } catch {
          #expect(isRefused && error.code == .manifestInvalid && error.message.contains("artifactType"), "\(error)")
        }
      }
    }
  }

  @Test func layersThatLiveElsewhereAreNotNeeded() throws {
    let foreign = Self.descriptor(
      Self.other, type: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      more: #","urls":["https://example.com/layer"]"#)
    let json = #"{"schemaVersion":2,"config":\#(Self.descriptor()),"layers":[\#(foreign)]}"#
    #expect(try parse(json, as: .dockerManifest).blobs.map(\.digest.description) == [Self.digest])
  }

  @Test func theTypeIsFoundWhereItIsSaid() throws {
    let index = #"{"schemaVersion":2,"manifests":[]}"#
    #expect(try parse(index, as: nil).facts.mediaType == .ociIndex)
    let image = #"{"schemaVersion":2,"config":\#(Self.descriptor())}"#
    #expect(try parse(image, as: nil).facts.mediaType == .ociManifest)
    let said = #"{"schemaVersion":2,"mediaType":"\#(MediaType.dockerList)","manifests":[]}"#
    #expect(try parse(said, as: nil).facts.mediaType == .dockerList)
    let empty = #"{"schemaVersion":2,"mediaType":"","manifests":[]}"#
    #expect(try parse(empty, as: .ociIndex).facts.mediaType == .ociIndex)
    #expect(refusal("{}", as: nil)?.contains("Content-Type") == true)
    #expect(refusal(said, as: .ociIndex)?.contains("send them equal") == true)
    #expect(refusal(#"{"mediaType":"no type"}"#, as: nil) != nil)
  }

  @Test func unknownTypesAreKeptAndCheckedForWhatTheyName() throws {
    let type = try #require(MediaType(parsing: "application/vnd.example+json"))
    #expect(try parse("{}", as: type).blobs.isEmpty)
    let json = #"{"layers":[\#(Self.descriptor())],"manifests":[\#(Self.descriptor(Self.other))]}"#
    let document = try parse(json, as: type)
    #expect(document.blobs.count == 1 && document.children.count == 1)
    #expect(refusal(#"{"layers":[{"digest":"x","size":1}]}"#, as: type) != nil)
  }

  @Test(arguments: [
    "", " ", "null", "true", "1", "\"text\"", "[]", "[{}]", "{", "}", "{\"a\"}", "{}{}", "{\"schemaVersion\":2,}",
    "<html>", "PK\u{3}\u{4}", "\u{FEFF}\u{FEFF}{}", "{'schemaVersion':2}", "{\"schemaVersion\":2", "NaN",
  ])
  func whatIsNoJSONObjectIsRefused(_ json: String) { #expect(refusal(json) != nil) }

  @Test(arguments: [
    #"{"schemaVersion":"2","config":{},"layers":[]}"#, #"{"schemaVersion":1}"#, #"{"schemaVersion":null}"#,
    #"{"schemaVersion":2}"#, #"{"schemaVersion":2.5}"#, #"{"schemaVersion":2,"config":null}"#,
    #"{"schemaVersion":2,"config":[]}"#, #"{"schemaVersion":2,"config":"x"}"#, #"{"schemaVersion":2,"config":{}}"#,
    #"{"schemaVersion":2,"config":\#(descriptor(size: -1))}"#,
    #"{"schemaVersion":2,"config":\#(descriptor("sha256:12"))}"#,
    #"{"schemaVersion":2,"config":\#(descriptor("../../etc/passwd"))}"#,
    #"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":"3"}}"#,
    #"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":1.5}}"#,
    #"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":1e300}}"#,
    #"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":9223372036854775808}}"#,
    #"{"schemaVersion":2,"config":{"digest":["\#(digest)"],"size":1}}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"layers":{}}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"layers":[1]}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"layers":[null]}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"layers":[{"size":1}]}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"subject":{}}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"subject":"x"}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"annotations":[]}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"annotations":{"a":1}}"#,
    #"{"schemaVersion":2,"config":\#(descriptor()),"mediaType":7}"#,
  ])
  func fieldsOfTheWrongShapeAreRefused(_ json: String) { #expect(refusal(json) != nil) }

  @Test func refusalsSayWhere() {
    #expect(
      refusal(#"{"schemaVersion":2,"config":\#(Self.descriptor()),"layers":[{"size":1}]}"#)?.contains("layers[0]")
        == true)
    #expect(refusal(#"{"schemaVersion":"two"}"#)?.contains("schemaVersion") == true)
    #expect(refusal(#"{"schemaVersion":2}"#)?.contains("config") == true)
    #expect(refusal(#"{"schemaVersion":2}"#, as: .ociIndex)?.contains("manifests") == true)
  }

  @Test(arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func bytesThatAreNotUTF8AreRefused(_ wrong: [UInt8]) {
    let (front, back) = (Array(#"{"schemaVersion":2,"manifests":[],"x":""#.utf8), Array(#""}"#.utf8))
    let error = #expect(throws: RegistryError.self) {
      try ManifestDocument(bytes: front + wrong + back, contentType: .ociIndex)
    }
    #expect(error?.code == .manifestInvalid)
  }

  @Test func otherEncodingsOfJSONAreRefused() {
    let json = #"{"schemaVersion":2,"manifests":[]}"#
    let utf16 = json.utf8.flatMap { [0, $0] as [UInt8] }
    let utf32 = json.utf8.flatMap { [0, 0, 0, $0] as [UInt8] }
    for bytes in [utf16, utf32, [0xFE, 0xFF] + utf16] {
      #expect(throws: RegistryError.self) { try ManifestDocument(bytes: bytes, contentType: .ociIndex) }
    }
  }

  @Test(arguments: [100, 1_000, 100_000, 2_000_000]) func deepNestingIsRefusedOrReadAndNeverTheEnd(_ depth: Int) {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let nested = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      for json in [
        nested, #"{"schemaVersion":2,"manifests":[],"x":\#(nested)}"#, String(repeating: open, count: depth),
      ] {
        do throws(RegistryError) {
          _ = try parse(json, as: .ociIndex)
          #expect(depth <= 1_000, "read at a depth that nobody needs")
        } catch {
          #expect(error.code == .manifestInvalid)
        }
      }
    }
  }

  @Test func fourMegabytesAreReadInTime() throws {
    let one = Self.descriptor()
    let count = (4 << 20) / (one.utf8.count + 1) - 1
    let json = #"{"schemaVersion":2,"manifests":[\#(Array(repeating: one, count: count).joined(separator: ","))]}"#
    let started = ContinuousClock.now
    #expect(try parse(json, as: .ociIndex).children.count == count)
    #expect(ContinuousClock.now - started < .seconds(60), "also in a debug build on a busy machine")
  }

  @Test func aFieldThatIsThereTwiceIsReadOnceOrRefused() throws {
    // Readers disagree about duplicates; what matters is that we act on one of them and keep the bytes.
    let json = #"{"schemaVersion":2,"manifests":[],"manifests":[\#(Self.descriptor())]}"#
    do throws(RegistryError) {
      #expect(try parse(json, as: .ociIndex).children.count <= 1)
    } catch {
      #expect(error.code == .manifestInvalid)
    }
  }
}
