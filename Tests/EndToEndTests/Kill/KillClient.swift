import Glibc

/// A client that pushes, tags and deletes at random until its node is killed, and keeps a ledger of it.
final class KillClient: @unchecked Sendable {
  // Unchecked: a thread works with it, is joined, and only then another one looks at it.
  let repositories: [String]
  var ledger = Ledger()
  private var random: SeededRandom
  /// Counts requests over all clients of a node, for whoever chooses the moment of its end.
  private let requests: Awaited<Int>

  private static let linksLimit = 24
  private static let uploadsLimit = 4
  private static let tagNames = ["latest", "v1", "v2", "edge"]
  /// Layers that all clients have in common, so that they meet on them.
  private static let commonLayers = (0..<4).map { number -> Blob in
    var random = SeededRandom(seed: UInt64(1000 + number))
    return Blob(random.bytes(40_000 * (number + 1)))
  }

  init(number: Int, seed: UInt64, requests: Awaited<Int>) {
    repositories = ["kill/c\(number)/one", "kill/c\(number)/two"]
    random = SeededRandom(seed: seed &* 1000 &+ UInt64(number))
    self.requests = requests
  }

  /// Works until the connection breaks. Throws a `Violation` when the node answers what it should not.
  func work(_ node: ShoalNode) throws {
    do {
      let client = try node.connect()
      while true { try act(client) }
    } catch is Trouble {
      return
    }
  }

  private func act(_ client: HTTPConnection) throws {
    if ledger.linked.count > Self.linksLimit, Bool.random(using: &random) { return try shrink(client) }
    switch Int.random(in: 0..<100, using: &random) {
    case ..<45: try pushImage(client)
    case ..<60: try retag(client)
    case ..<70: try deleteManifest(client)
    case ..<75: try deleteTag(client)
    case ..<85: try deleteBlob(client)
    case ..<95: try goOnWithUpload(client)
    default: try cancelUpload(client)
    }
  }

  private func ask(
    _ client: HTTPConnection, _ method: String, _ target: String, _ fields: [(String, String)] = [],
    body: [UInt8] = [], allowed: Set<Int>
  ) throws -> HTTPAnswer {
    requests.change { $0 += 1 }
    let answer = try client.ask(method, target, fields, body: body)
    guard allowed.contains(answer.status) else {
      throw Violation("\(method) \(target) answered \(answer.status): \(answer.text)")
    }
    return answer
  }

  // MARK: - Blobs

  private func newLayer() -> Blob {
    switch Int.random(in: 0..<10, using: &random) {
    case ..<3: Self.commonLayers.randomElement(using: &random)!
    case ..<9: Blob(random.bytes(Int.random(in: 2..<60_000, using: &random)))
    default: Blob(random.bytes(Int.random(in: 500_000..<1_500_000, using: &random)))
    }
  }

  private func push(_ client: HTTPConnection, _ blob: Blob, to repository: String) throws {
    let place = Place(repository: repository, name: blob.digest)
    ledger.contents[blob.digest] = blob
    let start = "/v2/\(repository)/blobs/uploads/"
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      try ledger.blob(place, becomes: true) {
        try ask(client, "POST", "\(start)?digest=\(blob.digest)", body: blob.bytes, allowed: [201]).status == 201
      }
    case 1:
      try mount(client, blob, to: repository, from: repositories.first { $0 != repository } ?? repository)
    default:
      try pushInChunks(client, blob, to: repository, chunks: Int.random(in: 1...3, using: &random))
    }
  }

  /// What cannot be mounted is uploaded where the answer says.
  private func mount(_ client: HTTPConnection, _ blob: Blob, to repository: String, from other: String) throws {
    let target = "/v2/\(repository)/blobs/uploads/?mount=\(blob.digest)&from=\(other)"
    var location: String?
    try ledger.blob(Place(repository: repository, name: blob.digest), becomes: true) {
      let answer = try ask(client, "POST", target, allowed: [201, 202])
      location = try answer.location
      return answer.status == 201
    }
    guard let location, location.contains("/uploads/") else { return }
    ledger.uploads.append(Ledger.Upload(location: location, blob: blob, repository: repository))
    try closeUpload(client, ledger.uploads.count - 1)
  }

  private func pushInChunks(_ client: HTTPConnection, _ blob: Blob, to repository: String, chunks: Int) throws {
    try beginUpload(client, blob, in: repository)
    for _ in 1..<max(2, chunks) { try sendChunk(client, upload: ledger.uploads.count - 1) }
    try closeUpload(client, ledger.uploads.count - 1)
  }

  private func beginUpload(_ client: HTTPConnection, _ blob: Blob, in repository: String) throws {
    ledger.contents[blob.digest] = blob
    let answer = try ask(client, "POST", "/v2/\(repository)/blobs/uploads/", allowed: [202])
    ledger.uploads.append(Ledger.Upload(location: try answer.location, blob: blob, repository: repository))
  }

  /// Half of what is left.
  private func sendChunk(_ client: HTTPConnection, upload at: Int) throws {
    let upload = ledger.uploads[at]
    let end = upload.acknowledged + (upload.blob.bytes.count - upload.acknowledged + 1) / 2
    guard end - upload.acknowledged > 1 else { return }
    ledger.uploads[at].sent = end
    let answer = try ask(
      client, "PATCH", upload.location, [("Content-Range", "\(upload.acknowledged)-\(end - 1)")],
      body: Array(upload.blob.bytes[upload.acknowledged..<end]), allowed: [202])
    guard answer["Range"] == "0-\(end - 1)" else { throw Violation("a chunk to \(end) was answered \(answer.fields)") }
    ledger.uploads[at].acknowledged = end
  }

  private func closeUpload(_ client: HTTPConnection, _ at: Int) throws {
    let upload = ledger.uploads[at]
    ledger.uploads[at].mayBeGone = true
    ledger.uploads[at].sent = upload.blob.bytes.count
    try ledger.blob(Place(repository: upload.repository, name: upload.blob.digest), becomes: true) {
      try ask(
        client, "PUT", "\(upload.location)?digest=\(upload.blob.digest)",
        body: Array(upload.blob.bytes[upload.acknowledged...]), allowed: [201]
      ).status == 201
    }
    ledger.uploads.remove(at: at)
  }

  private func goOnWithUpload(_ client: HTTPConnection) throws {
    guard ledger.uploads.count >= Self.uploadsLimit, let at = ledger.uploads.indices.randomElement(using: &random)
    else {
      return try beginUpload(client, newLayer(), in: repositories.randomElement(using: &random)!)
    }
    if Bool.random(using: &random) { try closeUpload(client, at) } else { try sendChunk(client, upload: at) }
  }

  private func cancelUpload(_ client: HTTPConnection) throws {
    guard let at = ledger.uploads.indices.randomElement(using: &random) else { return }
    ledger.uploads[at].mayBeGone = true
    _ = try ask(client, "DELETE", ledger.uploads[at].location, allowed: [204])
    ledger.uploads.remove(at: at)
  }

  private func deleteBlob(_ client: HTTPConnection) throws {
    guard let place = ledger.linked.randomElement(using: &random) else { return }
    let status = ledger.needs(place) ? 409 : 202
    try ledger.blob(place, becomes: false) {
      try ask(client, "DELETE", "/v2/\(place.repository)/blobs/\(place.name)", allowed: [status]).status == 202
    }
  }

  // MARK: - Manifests

  private func pushImage(_ client: HTTPConnection) throws {
    let repository = repositories.randomElement(using: &random)!
    var image = TestImage(layers: (0..<Int.random(in: 1...3, using: &random)).map { _ in newLayer() })
    image.config = Blob(random.bytes(Int.random(in: 2..<400, using: &random)))
    for blob in image.blobs {
      let isThere = ledger.blobs[Place(repository: repository, name: blob.digest)]?.known == true
      if !isThere { try push(client, blob, to: repository) }
    }
    try put(client, image, repository, tag: Self.tagNames.randomElement(using: &random))
  }

  private func put(_ client: HTTPConnection, _ image: TestImage, _ repository: String, tag: String?) throws {
    let target = "/v2/\(repository)/manifests/\(tag ?? image.manifest.digest)"
    try ledger.publish(image, in: repository, tag: tag) {
      _ = try ask(
        client, "PUT", target, [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes, allowed: [201])
    }
  }

  private func retag(_ client: HTTPConnection) throws {
    guard let place = ledger.published.randomElement(using: &random), let image = ledger.images[place.name] else {
      return
    }
    try put(client, image, place.repository, tag: Self.tagNames.randomElement(using: &random))
  }

  private func deleteManifest(_ client: HTTPConnection) throws {
    guard let place = ledger.published.randomElement(using: &random) else { return }
    try ledger.retract(place) {
      _ = try ask(client, "DELETE", "/v2/\(place.repository)/manifests/\(place.name)", allowed: [202])
    }
  }

  private func deleteTag(_ client: HTTPConnection) throws {
    guard let place = ledger.tagged.randomElement(using: &random) else { return }
    try ledger.untag(place) {
      _ = try ask(client, "DELETE", "/v2/\(place.repository)/manifests/\(place.name)", allowed: [202])
    }
  }

  /// Takes away an image and what only it needed.
  private func shrink(_ client: HTTPConnection) throws {
    try deleteManifest(client)
    for place in ledger.linked.shuffled(using: &random).prefix(6) where !ledger.needs(place) {
      try ledger.blob(place, becomes: false) {
        try ask(client, "DELETE", "/v2/\(place.repository)/blobs/\(place.name)", allowed: [202]).status == 202
      }
    }
  }
}
