import Testing

/// What a client of a registry does, with the success that it expects checked.
extension HTTPConnection {
  /// POST, then PUT. Returns where the blob can be pulled.
  @discardableResult
  func push(_ blob: Blob, to repository: String) throws -> String {
    let begun = try ask("POST", "/v2/\(repository)/blobs/uploads/")
    try begun.mustBe(202)
    let answer = try ask("PUT", "\(try begun.location)?digest=\(blob.digest)", body: blob.bytes)
    try answer.mustBe(201)
    return try answer.location
  }

  @discardableResult
  func put(_ manifest: Blob, to repository: String, as reference: String, type: String = MediaTypes.manifest) throws
    -> HTTPAnswer
  {
    let answer = try ask(
      "PUT", "/v2/\(repository)/manifests/\(reference)", [("Content-Type", type)], body: manifest.bytes)
    try answer.mustBe(201)
    return answer
  }

  /// Everything of an image, manifest last.
  func push(_ image: TestImage, to repository: String, as reference: String? = nil) throws {
    for blob in image.blobs { try push(blob, to: repository) }
    try put(image.manifest, to: repository, as: reference ?? image.manifest.digest)
  }

  /// The address of a new upload.
  func beginUpload(in repository: String) throws -> String {
    let answer = try ask("POST", "/v2/\(repository)/blobs/uploads/")
    try answer.mustBe(202)
    return try answer.location
  }

  func get(_ target: String, _ fields: [(String, String)] = []) throws -> HTTPAnswer {
    try ask("GET", target, fields)
  }

  /// That a node which was mistreated goes on: a stranger pushes and pulls.
  func checkService(_ place: SourceLocation = #_sourceLocation) throws {
    let image = TestImage("the next client")
    try push(image, to: "next/client", as: "served")
    let pulled = try get("/v2/next/client/manifests/served")
    #expect(pulled.status == 200, sourceLocation: place)
    #expect(pulled.body == image.manifest.bytes, sourceLocation: place)
    let layer = try get("/v2/next/client/blobs/\(image.layers[0].digest)")
    #expect(layer.body == image.layers[0].bytes, sourceLocation: place)
  }
}

extension HTTPAnswer {
  func mustBe(_ wanted: Int) throws {
    guard status == wanted else { throw Trouble("answered \(status), not \(wanted): \(text)") }
  }

  var location: String {
    get throws {
      guard let location = self["Location"] else { throw Trouble("no Location in answer \(status)") }
      return location
    }
  }
}
