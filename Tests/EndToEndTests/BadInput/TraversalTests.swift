import Testing

extension BadInputTests {
  @Suite struct Traversal {
    private static let steps = [
      "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd",
      "....//....//etc/passwd", "/etc/passwd", "%00", "..;/..;/etc/passwd", "%252e%252e%252fetc%252fpasswd",
      "..%c0%af..%c0%afetc/passwd", ".", "..", "a/../b", "a/./b",
    ]

    private static let targets: [String] = steps.flatMap { step in
      [
        "/\(step)", "/v2/\(step)", "/v2/\(step)/manifests/v1", "/v2/\(step)/blobs/\(Blob("x").digest)",
        "/v2/a/manifests/\(step)", "/v2/a/blobs/\(step)", "/v2/a/blobs/sha256:\(step)", "/v2/a/blobs/uploads/\(step)",
        "/v2/\(step)/blobs/uploads/", "/v2/\(step)/tags/list", "/v2/a/referrers/\(step)", "/v2/a/tags/\(step)",
      ]
    }

    /// Raw paths: no client library has tidied them.
    @Test func pathsThatClimbAreRefusedAndTouchNothing() throws {
      try withNode { node in
        let before = Set(TemporaryFolder.names(in: node.folder.path))
        for target in Self.targets {
          for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] {
            try Self.probe(node, method, target)
          }
        }
        #expect(Set(TemporaryFolder.names(in: node.folder.path)) == before)
        #expect(node.stagedUploads.isEmpty)
        #expect(!node.process.errors.text.contains("\"level\":\"error\""))
        try node.connect().checkService()
      }
    }

    private static func probe(_ node: ShoalNode, _ method: String, _ target: String) throws {
      let answer = try node.ask(
        method, target, [("Content-Type", MediaTypes.manifest)], body: method == "PUT" ? [1] : [])
      // `/v2/.` and the like may be read as another path, never as a success that writes.
      #expect((400..<500).contains(answer.status), "\(method) \(target) answered \(answer.status)")
      #expect(!answer.text.contains("root:"), "\(method) \(target)")
    }

    @Test func mountAndTagParametersThatClimbAreRefused() throws {
      try withNode { node in
        let digest = Blob("x").digest
        for step in Self.steps.map({ $0.replacing("#", with: "") }) {
          let mount = try node.ask("POST", "/v2/a/blobs/uploads/?mount=\(digest)&from=\(step)")
          #expect(mount.status == 400, "from=\(step)")
          #expect(try node.ask("POST", "/v2/a/blobs/uploads/?digest=\(step)", body: [1]).status == 400)
        }
        #expect(node.stagedUploads.isEmpty)
        try node.connect().checkService()
      }
    }

    @Test func uploadIsKnownInItsOwnRepositoryAlone() throws {
      try withNode { node in
        let client = try node.connect()
        let location = try client.beginUpload(in: "mine")
        let id = location.split(separator: "/").last ?? ""
        for target in ["/v2/yours/blobs/uploads/\(id)", "/v2/mine/deeper/blobs/uploads/\(id)"] {
          for method in ["GET", "PATCH", "PUT", "DELETE"] {
            let answer = try client.ask(method, target + "?digest=\(Blob("").digest)")
            #expect(answer.status == 404)
            #expect(answer.errorCodes == ["BLOB_UPLOAD_UNKNOWN"])
          }
        }
        #expect(try client.get("/v2/mine/blobs/uploads/\(id.uppercased())").status == 404)
        #expect(try client.get(location).status == 204)
      }
    }
  }
}
