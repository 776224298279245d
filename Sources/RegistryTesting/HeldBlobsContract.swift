import RegistryCore

/// What every implementation of `HeldBlobs` does.
public enum HeldBlobsContract {
  public typealias Subject = Content & HeldBlobs

  public static let clauses = [
    StoreClause<any Subject>("whatIsLinkedIsHeldOnceInTheOrderOfTheDigests") { subject in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let blobs = (0..<20).map { number in
        StoredBlob(digest: .of("\(number)", algorithm: number.isMultiple(of: 3) ? .sha512 : .sha256), size: 1)
      }
      try StoreViolation.unlessEqual(try await subject.held(after: nil, limit: 9), [], "of nothing")
      for (place, blob) in blobs.enumerated() {
        if place != 0 { try await subject.link(blob, to: mine) }
        if place.isMultiple(of: 2) { try await subject.link(blob, to: yours) }
      }
      let due = blobs.map(\.digest).sorted()
      try StoreViolation.unlessEqual(try await subject.held(after: nil, limit: 100), due, "all at once")
      for limit in [1, 3, 20] {
        var (walked, last): ([Digest], Digest?) = ([], nil)
        while true {
          let page = try await subject.held(after: last, limit: limit)
          try StoreViolation.unless(page.count <= limit, "more than were asked for")
          guard let end = page.last else { break }
          walked += page
          last = end
        }
        try StoreViolation.unlessEqual(walked, due, "in pages of \(limit)")
      }
    },
    StoreClause<any Subject>("whatNobodyMayReadAnyMoreIsNotHeld") { subject in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let digest = Sample.layer.digest
      for repository in [mine, yours] { try await subject.link(Sample.layer, to: repository) }
      _ = try await subject.unlink(digest, from: mine, refusingNeeded: false)
      try StoreViolation.unlessEqual(try await subject.held(after: nil, limit: 9), [digest], "the other may")
      _ = try await subject.unlink(digest, from: yours, refusingNeeded: false)
      try StoreViolation.unlessEqual(try await subject.held(after: nil, limit: 9), [], "nobody may")
    },
    StoreClause<any Subject>("aWalkGoesOnWhereItWasThoughWhatItCameToWent") { subject in
      let repository = try Sample.repository()
      let blobs = (0..<6).map { StoredBlob(digest: .of("\($0)"), size: 1) }
      for blob in blobs { try await subject.link(blob, to: repository) }
      let due = blobs.map(\.digest).sorted()
      _ = try await subject.unlink(due[2], from: repository, refusingNeeded: false)
      try StoreViolation.unlessEqual(try await subject.held(after: due[2], limit: 2), Array(due[3...4]), "behind it")
      try StoreViolation.unlessEqual(try await subject.held(after: due[5], limit: 2), [], "behind the last")
      try StoreViolation.unlessEqual(try await subject.held(after: nil, limit: 0), [], "none")
    },
  ]
}
