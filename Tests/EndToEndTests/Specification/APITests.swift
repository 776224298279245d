import Testing

extension SpecificationTests {
  // API, "Determining Support"
  @Suite struct DeterminingSupport {
    @Test(arguments: ["/v2/", "/v2"])
    func versionCheckIs200(target: String) throws {
      let (client, _) = try SharedNode.visit()
      let answer = try client.get(target)
      #expect(answer.status == 200)
      // Docker's commands refuse a registry without it.
      #expect(answer["Docker-Distribution-API-Version"] == "registry/2.0")
    }

    /// A registry MAY ignore `ns`, which clients send to mirrors (after 1.1, "Registry Proxying").
    @Test func namespaceParameterDisturbsNothing() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("ns")
      try client.push(image, to: repository, as: "v1")
      for target in ["manifests/v1", "manifests/\(image.manifest.digest)", "blobs/\(image.config.digest)", "tags/list"]
      {
        #expect(try client.get("/v2/\(repository)/\(target)?ns=docker.io").status == 200)
      }
    }
  }

  // "Error Codes"
  @Suite struct ErrorCodes {
    /// code-1 to code-14 of the table.
    private static let known: Set<String> = [
      "BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN",
      "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED", "DENIED",
      "UNSUPPORTED", "TOOMANYREQUESTS",
    ]

    struct Mistake: Sendable, CustomTestStringConvertible {
      let method: String
      let target: String
      var fields: [String: String] = [:]
      var body = ""
      let code: String

      var testDescription: String { "\(method) \(target) is \(code)" }
    }

    private static let absent = Blob("absent").digest
    private static let upload = "blobs/uploads/0123456789abcdef0123456789abcdef"
    private static let json = ["Content-Type": MediaTypes.manifest]

    static let mistakes = [
      Mistake(method: "GET", target: "blobs/\(absent)", code: "BLOB_UNKNOWN"),
      Mistake(method: "DELETE", target: "blobs/\(absent)", code: "BLOB_UNKNOWN"),
      Mistake(method: "GET", target: "blobs/sha256:abc", code: "DIGEST_INVALID"),
      Mistake(method: "PATCH", target: upload, body: "x", code: "BLOB_UPLOAD_UNKNOWN"),
      Mistake(method: "GET", target: upload, code: "BLOB_UPLOAD_UNKNOWN"),
      Mistake(method: "GET", target: "manifests/absent", code: "MANIFEST_UNKNOWN"),
      Mistake(method: "DELETE", target: "manifests/absent", code: "MANIFEST_UNKNOWN"),
      Mistake(method: "PUT", target: "manifests/v1", fields: json, body: "not json", code: "MANIFEST_INVALID"),
      Mistake(method: "PUT", target: "manifests/v1", fields: json, body: "{}", code: "MANIFEST_INVALID"),
      Mistake(method: "PUT", target: "manifests/-", fields: json, body: "{}", code: "MANIFEST_INVALID"),
      Mistake(method: "GET", target: "UPPER/manifests/v1", code: "NAME_INVALID"),
      Mistake(method: "GET", target: "tags/list?n=-1", code: "UNSUPPORTED"),
      Mistake(method: "GET", target: "nowhere/tags/list", code: "NAME_UNKNOWN"),
      Mistake(method: "GET", target: "nowhere", code: "NAME_UNKNOWN"),
      Mistake(method: "POST", target: "manifests/v1", code: "UNSUPPORTED"),
      Mistake(method: "PUT", target: "tags/list", code: "UNSUPPORTED"),
    ]

    /// MUST have the format; `code` MUST be of the table, in capitals and underscores.
    @Test(arguments: mistakes)
    func mistakeIsAnsweredInTheSpecificationsJSON(_ mistake: Mistake) throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(Blob("there"), to: repository)
      let fields = mistake.fields.map { ($0.key, $0.value) }
      let answer = try client.ask(
        mistake.method, "/v2/\(repository)/\(mistake.target)", fields, body: Array(mistake.body.utf8))
      #expect((400..<500).contains(answer.status))
      #expect(answer["Content-Type"] == "application/json")
      let entry = try #require(try answer.json(ErrorsDocument.self).errors.first)
      #expect(entry.code == mistake.code)
      #expect(Self.known.contains(entry.code))
      #expect(entry.message?.isEmpty == false)
    }

    /// Bodies that are wrong leave the connection usable, or close it; nothing in between.
    @Test func mistakeDoesNotDisturbTheNextRequest() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try client.ask("PATCH", location, [("Content-Range", "7-9")], body: [1, 2, 3]).status == 416)
      #expect(try client.get("/v2/").status == 200)
      #expect(try client.get(location).status == 204)
    }
  }
}
