/// Looks at a node that came back, and holds it to the laws: what was acknowledged is there whole, what was
/// acknowledged as gone is gone, no byte is wrong, and no name points at missing bytes. What was in doubt is known
/// afterwards.
struct LawCheck {
  let client: HTTPConnection

  func check(_ ledger: inout Ledger, _ repositories: [String]) throws {
    ledger.doubts += ledger.doubtCount
    for (place, fact) in ledger.blobs {
      let isThere = try isThere("/v2/\(place.repository)/blobs/\(place.name)", ledger.contents[place.name])
      try settle(&ledger.blobs[place], fact, isThere, "blob \(place)")
    }
    for (place, fact) in ledger.manifests {
      let isThere = try isThere("/v2/\(place.repository)/manifests/\(place.name)", ledger.contents[place.name])
      try settle(&ledger.manifests[place], fact, isThere, "manifest \(place)")
    }
    for (place, fact) in ledger.tags {
      try settle(&ledger.tags[place], fact, try target(of: place, ledger), "tag \(place)")
    }
    try checkNames(ledger)
    try checkLists(ledger, repositories)
    try checkUploads(&ledger)
  }

  private func settle<State>(_ slot: inout Fact<State>?, _ fact: Fact<State>, _ found: State, _ what: String) throws {
    guard fact.possible.contains(found) else {
      throw Violation("\(what) is \(found), and should be one of \(fact.possible)")
    }
    slot = Fact(found)
  }

  private func isThere(_ target: String, _ content: Blob?) throws -> Bool {
    // HEAD asks the names alone, GET the bytes too: where they differ, a name points at nothing.
    let named = try client.ask("HEAD", target).status
    let answer = try client.get(target)
    guard named == answer.status else { throw Violation("\(target): HEAD is \(named), GET \(answer.status)") }
    if answer.status == 404 { return false }
    guard answer.status == 200 else { throw Violation("GET \(target) answered \(answer.status): \(answer.text)") }
    guard answer.body == content?.bytes else { throw Violation("GET \(target) served wrong bytes") }
    guard answer["Docker-Content-Digest"] == content?.digest else { throw Violation("GET \(target): wrong digest") }
    return true
  }

  private func target(of place: Place, _ ledger: Ledger) throws -> String? {
    let answer = try client.get("/v2/\(place.repository)/manifests/\(place.name)")
    if answer.status == 404 { return nil }
    guard answer.status == 200, let digest = answer["Docker-Content-Digest"] else {
      throw Violation("tag \(place) answered \(answer.status): \(answer.text)")
    }
    guard answer.body == ledger.contents[digest]?.bytes else { throw Violation("tag \(place) served wrong bytes") }
    return digest
  }

  /// Tag to manifest to blobs: the node refuses to delete a blob that a manifest needs, so nothing may be missing.
  private func checkNames(_ ledger: Ledger) throws {
    for place in ledger.tagged {
      guard case .some(.some(let digest)) = ledger.tags[place]?.known,
        ledger.manifests[Place(repository: place.repository, name: digest)]?.known == true
      else { throw Violation("tag \(place) names a manifest that is not there") }
    }
    for place in ledger.published {
      for blob in ledger.images[place.name]?.blobs ?? [] {
        guard ledger.blobs[Place(repository: place.repository, name: blob.digest)]?.known == true else {
          throw Violation("manifest \(place) names \(blob.digest), which is not there")
        }
      }
    }
  }

  private struct Tags: Decodable {
    let tags: [String]
  }

  private struct Catalog: Decodable {
    let repositories: [String]
  }

  private func checkLists(_ ledger: Ledger, _ repositories: [String]) throws {
    let listed = Set(try client.get("/v2/_catalog").json(Catalog.self).repositories)
    for repository in repositories {
      let expected = ledger.tagged.filter { $0.repository == repository }.map(\.name)
      guard listed.contains(repository) else {
        guard expected.isEmpty else { throw Violation("\(repository) has tags and is not in the catalog") }
        continue
      }
      let found = try client.get("/v2/\(repository)/tags/list").json(Tags.self).tags
      guard found == expected else { throw Violation("\(repository) lists \(found), and has \(expected)") }
    }
  }

  /// An upload goes on at its offset, or answers 404 when its end had been asked for.
  private func checkUploads(_ ledger: inout Ledger) throws {
    var open: [Ledger.Upload] = []
    for var upload in ledger.uploads {
      let answer = try client.get(upload.location)
      if answer.status == 404 {
        guard upload.mayBeGone else { throw Violation("upload \(upload.location) is gone") }
        continue
      }
      guard answer.status == 204, let range = answer["Range"], let last = Int(range.dropFirst(2)) else {
        throw Violation("upload \(upload.location) answered \(answer.status)")
      }
      // Chunks have at least two bytes, so 0-0 is no byte.
      let offset = last == 0 ? 0 : last + 1
      guard (upload.acknowledged...upload.sent).contains(offset) else {
        throw Violation("upload \(upload.location) is at \(offset), not in \(upload.acknowledged)...\(upload.sent)")
      }
      upload.acknowledged = offset
      upload.mayBeGone = false
      open.append(upload)
    }
    ledger.uploads = open
    try finishOne(&ledger)
  }

  private func finishOne(_ ledger: inout Ledger) throws {
    guard let upload = ledger.uploads.popLast() else { return }
    let place = Place(repository: upload.repository, name: upload.blob.digest)
    let answer = try client.ask(
      "PUT", "\(upload.location)?digest=\(upload.blob.digest)", body: Array(upload.blob.bytes[upload.acknowledged...]))
    guard answer.status == 201, try isThere("/v2/\(place.repository)/blobs/\(place.name)", upload.blob) else {
      throw Violation("upload \(upload.location) could not be gone on with: \(answer.status) \(answer.text)")
    }
    ledger.blobs[place] = Fact(true)
  }
}
