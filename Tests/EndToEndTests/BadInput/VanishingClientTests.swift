import Testing

extension BadInputTests {
  @Suite struct VanishingClients {
    private static let blob: Blob = {
      var random = SeededRandom(seed: 6)
      return Blob(random.bytes(1_000_000))
    }()

    /// By a reset or by a quiet end, in the middle of the body.
    @Test(arguments: [true, false])
    func uploadWhoseClientVanishesCanBeGoneOnWith(reset: Bool) throws {
      try withNode { node in
        let client = try node.connect()
        try client.checkService()
        let (descriptors, staged) = (node.descriptorCount, node.stagedUploads.count)
        for _ in 0..<8 {
          let location = try client.beginUpload(in: "a")
          let vanishing = try node.connect()
          try vanishing.sendHead("PATCH", location, length: Self.blob.bytes.count)
          try vanishing.send(Array(Self.blob.bytes[..<400_000]))
          #expect(try eventually { try Self.offset(client, location) == 400_000 })
          if reset { vanishing.abandon() } else { vanishing.close() }
          // A PATCH of nothing is refused as long as another request has the upload.
          #expect(try eventually { try client.ask("PATCH", location).status == 202 })
          let offset = try Self.offset(client, location)
          #expect(offset == 400_000)
          let rest = Array(Self.blob.bytes[offset...])
          #expect(try client.ask("PUT", "\(location)?digest=\(Self.blob.digest)", body: rest).status == 201)
          #expect(try client.get("/v2/a/blobs/\(Self.blob.digest)").body == Self.blob.bytes)
        }
        let allowed = descriptors + ShoalNode.lateDescriptors
        #expect(eventually { node.descriptorCount <= allowed && node.stagedUploads.count <= staged })
        try client.checkService()
      }
    }

    private static func offset(_ client: HTTPConnection, _ location: String) throws -> Int {
      guard let range = try client.get(location)["Range"], let last = Int(range.dropFirst(2)) else {
        throw Trouble("the upload has no offset")
      }
      return last == 0 ? 0 : last + 1
    }

    /// Nobody knows the address of such an upload, so nothing of it may stay.
    @Test func singlePostWhoseClientVanishesLeavesNothing() throws {
      try withNode { node in
        let before = node.descriptorCount
        for _ in 0..<8 {
          let vanishing = try node.connect()
          try vanishing.sendHead(
            "POST", "/v2/a/blobs/uploads/?digest=\(Self.blob.digest)", length: Self.blob.bytes.count)
          try vanishing.send(Array(Self.blob.bytes[..<400_000]))
          vanishing.abandon()
        }
        #expect(eventually { node.stagedUploads.isEmpty && node.descriptorCount <= before + ShoalNode.lateDescriptors })
        try node.connect().checkService()
      }
    }

    @Test func downloadWhoseClientVanishesLeavesNothing() throws {
      try withNode { node in
        var random = SeededRandom(seed: 7)
        let large = Blob(random.bytes(16 << 20))
        let client = try node.connect()
        try client.push(large, to: "a")
        let before = node.descriptorCount
        for _ in 0..<20 {
          let vanishing = try node.connect()
          try vanishing.sendHead("GET", "/v2/a/blobs/\(large.digest)")
          _ = try vanishing.bytes(100_000)
          vanishing.abandon()
        }
        #expect(eventually { node.descriptorCount <= before + ShoalNode.lateDescriptors })
        #expect(try client.get("/v2/a/blobs/\(large.digest)").body == large.bytes)
      }
    }
  }
}
