import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

@Suite struct TotalsTests {
  @Test func aBlobOfTwoRepositoriesCountsOnce() async throws {
    let (one, two) = (try RepositoryName(parsing: "team/one"), try RepositoryName(parsing: "team/two"))
    let (small, large) = (StoredBlob(digest: .of("small"), size: 5), StoredBlob(digest: .of("large"), size: 5_000))
    try await withCatalog { catalog in
      #expect(try await catalog.linkedTotals() == LinkedTotals(blobs: 0, bytes: 0))
      try await catalog.link(small, to: one)
      try await catalog.link(large, to: one)
      try await catalog.link(large, to: two)
      #expect(try await catalog.linkedTotals() == LinkedTotals(blobs: 2, bytes: 5_005))
      _ = try await catalog.unlink(large.digest, from: one, refusingNeeded: false)
      #expect(try await catalog.linkedTotals() == LinkedTotals(blobs: 2, bytes: 5_005))
    }
  }
}
