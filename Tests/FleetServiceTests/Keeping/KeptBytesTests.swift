import RegistryCore
import RegistryTesting
import Testing

@testable import FleetHTTP

struct KeptBytesTests {
  private static func names(_ count: Int) throws -> [ImageName] {
    try (0..<count).map {
      ImageName(.hashing([UInt8($0 & 255), UInt8($0 >> 8)]), in: try RepositoryName(parsing: "team/app-\($0 % 3)"))
    }
  }

  @Test(arguments: [0, 1, 128, KeptBytes.imageLimit]) func whatIsWrittenIsReadBack(_ count: Int) throws {
    let names = try Self.names(count)
    let bytes = KeptBytes.names(names)
    #expect(bytes.count <= KeptBytes.byteLimit && KeptBytes.names(in: bytes) == names)
    let flags = names.indices.map { $0 % 3 == 0 }
    #expect(KeptBytes.flags(in: KeptBytes.flags(flags), count: count) == flags)
  }

  /// A digest is as long as can be, and so is a name.
  @Test func aPageOfTheLongestNamesFits() throws {
    let repository = try RepositoryName(parsing: String(repeating: "a", count: 255))
    let names = (0..<128).map { ImageName(.hashing([UInt8($0)], .sha512), in: repository) }
    #expect(KeptBytes.names(in: KeptBytes.names(names)) == names)
  }

  @Test func whatIsNoListOfNamesIsRefused() throws {
    for text in ["", "le extra", "li1ee", "l1:a1:be", "d1:a1:be", "l8:team/appe"] {
      #expect(KeptBytes.names(in: Array(text.utf8)) == nil, "\(text)")
    }
    #expect(KeptBytes.names(in: KeptBytes.names(try Self.names(KeptBytes.imageLimit + 1))) == nil)
    #expect(KeptBytes.flags(in: KeptBytes.flags([true]), count: 2) == nil, "another number of answers")
    #expect(KeptBytes.flags(in: Array("l1:ae".utf8), count: 1) == [false], "what is no 1 is no promise")
  }
}
