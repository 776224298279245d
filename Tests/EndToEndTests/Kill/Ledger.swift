/// Everything that one client pushed and deleted in repositories that are its own, and what it therefore may find.
struct Ledger: Sendable {
  struct Upload: Sendable {
    let location: String
    let blob: Blob
    let repository: String
    /// Bytes that the node said it has.
    var acknowledged = 0
    /// Bytes that were sent, whether or not an answer came.
    var sent = 0
    /// A closing PUT or a DELETE was sent: it may be gone.
    var mayBeGone = false
  }

  /// Whether a repository is linked to a blob.
  var blobs: [Place: Fact<Bool>] = [:]
  var manifests: [Place: Fact<Bool>] = [:]
  /// The digest that a tag names; `nil`: there is no such tag.
  var tags: [Place: Fact<String?>] = [:]
  var uploads: [Upload] = []
  /// Names whose state a kill had left in doubt, so far.
  var doubts = 0
  /// What was ever pushed, by digest.
  var contents: [String: Blob] = [:]
  var images: [String: TestImage] = [:]

  /// Sees a request on a blob's link through: in doubt until the answer, back as before when it was refused.
  mutating func blob(_ place: Place, becomes isLinked: Bool, _ ask: () throws -> Bool) throws {
    let before = blobs[place] ?? Fact(false)
    blobs[place, default: Fact(false)].mayBecome(isLinked)
    blobs[place] = try ask() ? Fact(isLinked) : before
  }

  mutating func publish(_ image: TestImage, in repository: String, tag: String?, _ ask: () throws -> Void) rethrows {
    let digest = image.manifest.digest
    contents[digest] = image.manifest
    images[digest] = image
    let place = Place(repository: repository, name: digest)
    let tagPlace = tag.map { Place(repository: repository, name: $0) }
    manifests[place, default: Fact(false)].mayBecome(true)
    if let tagPlace { tags[tagPlace, default: Fact(nil)].mayBecome(digest) }
    try ask()
    manifests[place]?.became(true)
    if let tagPlace { tags[tagPlace]?.became(digest) }
  }

  /// Takes a manifest away, and each tag that names it.
  mutating func retract(_ place: Place, _ ask: () throws -> Void) rethrows {
    let named = tags.filter { $0.key.repository == place.repository && $0.value.known == .some(place.name) }.map(\.key)
    manifests[place, default: Fact(false)].mayBecome(false)
    for tag in named { tags[tag]?.mayBecome(nil) }
    try ask()
    manifests[place]?.became(false)
    for tag in named { tags[tag]?.became(nil) }
  }

  mutating func untag(_ place: Place, _ ask: () throws -> Void) rethrows {
    tags[place, default: Fact(nil)].mayBecome(nil)
    try ask()
    tags[place]?.became(nil)
  }

  // MARK: - What is there, as far as it is known

  var linked: [Place] { blobs.filter { $0.value.known == true }.map(\.key).sorted() }
  var published: [Place] { manifests.filter { $0.value.known == true }.map(\.key).sorted() }
  var tagged: [Place] { tags.filter { ($0.value.known ?? nil) != nil }.map(\.key).sorted() }

  var doubtCount: Int {
    blobs.values.count { $0.known == nil } + manifests.values.count { $0.known == nil }
      + tags.values.count { $0.known == nil } + uploads.count { $0.mayBeGone || $0.sent > $0.acknowledged }
  }

  /// Whether a manifest that is there names the blob.
  func needs(_ place: Place) -> Bool {
    published.contains { manifest in
      manifest.repository == place.repository
        && images[manifest.name]?.blobs.contains { $0.digest == place.name } == true
    }
  }

  /// Forgets some of what is gone: enough is kept to see that it stays so.
  mutating func prune(keeping limit: Int) {
    for (index, place) in blobs.filter({ $0.value.known == false }).map(\.key).sorted().enumerated()
    where index >= limit {
      blobs[place] = nil
    }
    for (index, place) in manifests.filter({ $0.value.known == false }).map(\.key).sorted().enumerated()
    where index >= limit {
      manifests[place] = nil
    }
  }
}

extension Place: Comparable {
  static func < (left: Place, right: Place) -> Bool {
    (left.repository, left.name) < (right.repository, right.name)
  }
}
