import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

@Suite struct LayoutTests {
  private let layout = DiskLayout(root: "data//")

  @Test func everythingLiesWhereTheDrawingSays() throws {
    let (sha256, sha512) = (Digest.hashing([]), Digest.hashing([], .sha512))
    let repository = try RepositoryName(parsing: "team/app")
    #expect(layout.root == "data")
    #expect(layout.blob(sha256) == "data/blobs/sha256/e3/\(sha256.hex)")
    #expect(layout.blob(sha512) == "data/blobs/sha512/cf/\(sha512.hex)")
    #expect(layout.quarantined(sha256) == "data/quarantine/sha256-\(sha256.hex)")
    #expect(layout.manifest(sha256, of: repository) == "data/shelf/team/app/_manifests/sha256/\(sha256.hex)")
    #expect(layout.catalogue == "data/catalog.sqlite")
    #expect(layout.controlSocket == "data/control.sock")
    #expect(layout.nodeKey == "data/node.key")
    // printf team/app | sha256sum | head -c 32
    let key = UploadKey(repository: repository, id: try UploadID(parsing: "000102030405060708090a0b0c0d0e0f"))
    #expect(
      layout.upload(key) == "data/staging/uploads/\(key.id)@e46f7d74783804faa2021a16921c53e9")
    #expect(layout.uploadID(ofFileNamed: String(layout.upload(key).split(separator: "/").last!)) == key.id)
  }

  @Test(arguments: ["", "@", "00@11", "000102030405060708090a0b0c0d0e0f", "x@00000000000000000000000000000000"])
  func aStrayNameInStagingIsNoUpload(_ name: String) {
    #expect(layout.uploadID(ofFileNamed: name) == nil)
  }

  @Test func aFetchAndItsNoteAreFoundByTheirNames() {
    let digest = Digest.hashing([], .sha512)
    for (path, isNote) in [(layout.fetch(digest), false), (layout.fetchNote(digest), true)] {
      #expect(path.hasPrefix("data/staging/fetch/sha512-\(digest.hex)"))
      let found = layout.fetched(ofFileNamed: String(path.split(separator: "/").last!))
      #expect(found?.digest == digest && found?.isNote == isNote)
    }
    for stray in ["", "-", ".note", "sha256-.note", "sha256-00", "sha256:\(digest.hex)", "sha512-\(digest.hex)-.note"] {
      #expect(layout.fetched(ofFileNamed: stray) == nil)
    }
  }

  @Test func theFolderAboveIsFoundForPathsOfAnyShape() {
    #expect(["a/b/c", "/a", "a", "/a/b"].map(\.parentFolder) == ["a/b", "/", ".", "/a"])
  }
}
