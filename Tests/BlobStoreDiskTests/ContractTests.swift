import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

@Suite struct ContractTests {
  @Test(arguments: BlobStoreContract.clauses)
  func theDiskKeepsTheBlobStoreContract(_ clause: BlobStoreContract.Clause) async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path)
      defer { folder.close() }
      try await clause.check(folder.blobs)
    }
  }

  @Test(arguments: BlobStoreContract.clauses)
  func theMemoryKeepsTheBlobStoreContract(_ clause: BlobStoreContract.Clause) async throws {
    try await clause.check(MemoryBlobStore())
  }

  @Test(arguments: UploadStoreContract.clauses)
  func theDiskKeepsTheUploadStoreContract(_ clause: UploadStoreContract.Clause) async throws {
    try await withScratchFolder { path in
      let lives = DiskLives(path: path)
      defer { lives.end() }
      try await clause.check(try lives.next())
    }
  }

  @Test(arguments: UploadStoreContract.clauses)
  func theMemoryKeepsTheUploadStoreContract(_ clause: UploadStoreContract.Clause) async throws {
    try await clause.check(memoryPorts(staging: MemoryStaging(), blobs: MemoryBlobStore()))
  }

  @Test(arguments: ManifestShelfContract.clauses)
  func theDiskKeepsTheManifestShelfContract(_ clause: ManifestShelfContract.Clause) async throws {
    try await withScratchFolder { path in
      let folder = try DiskDataFolder.open(path)
      defer { folder.close() }
      try await clause.check(folder.shelf)
    }
  }

  @Test(arguments: ManifestShelfContract.clauses)
  func theMemoryKeepsTheManifestShelfContract(_ clause: ManifestShelfContract.Clause) async throws {
    try await clause.check(MemoryManifestShelf())
  }

  @Test(arguments: FetchStoreContract.clauses)
  func theDiskKeepsTheFetchStoreContract(_ clause: FetchStoreContract.Clause) async throws {
    try await withScratchFolder { path in
      let lives = DiskLives(path: path)
      defer { lives.end() }
      try await clause.check(try lives.nextFetching())
    }
  }

  @Test(arguments: FetchStoreContract.clauses)
  func theMemoryKeepsTheFetchStoreContract(_ clause: FetchStoreContract.Clause) async throws {
    try await clause.check(memoryPorts(fetches: MemoryFetches(), blobs: MemoryBlobStore()))
  }

  private func memoryPorts(fetches: MemoryFetches, blobs: MemoryBlobStore) -> FetchPorts {
    FetchPorts(
      fetches: MemoryFetchStore(fetches: fetches, blobs: blobs), blobs: blobs,
      nextLife: { memoryPorts(fetches: fetches, blobs: blobs) })
  }

  private func memoryPorts(staging: MemoryStaging, blobs: MemoryBlobStore) -> UploadPorts {
    UploadPorts(
      uploads: MemoryUploadStore(staging: staging, blobs: blobs), blobs: blobs,
      nextLife: { memoryPorts(staging: staging, blobs: blobs) },
      age: { key, seconds in staging.age(key, bySeconds: seconds) })
  }
}
