import RegistryCore
import Testing

@Suite struct TorrentRecipeTests {
  private static let kibibyte: Int64 = 1024
  private static let mebibyte: Int64 = 1024 * 1024
  private static let gibibyte: Int64 = 1024 * 1024 * 1024

  private static let pieceBytesBySize: [(size: Int64, pieceBytes: Int64)] = [
    (1, 64 * kibibyte), (512 * mebibyte, 64 * kibibyte), (512 * mebibyte + 1, 128 * kibibyte),
    (gibibyte, 128 * kibibyte), (gibibyte + 1, 256 * kibibyte), (64 * gibibyte, 8 * mebibyte),
    (64 * gibibyte + 1, 16 * mebibyte), (128 * gibibyte + 1, 16 * mebibyte), (Int64.max, 16 * mebibyte),
  ]

  @Test(arguments: pieceBytesBySize)
  func piecesAreAsLongAsTheSizeAsks(size: Int64, pieceBytes: Int64) {
    #expect(TorrentRecipe.pieceBytes(forSize: size) == Int(pieceBytes))
  }

  @Test func theInfoOfVersionTwoHasFourKeysInOrder() throws {
    let digest = Digest(algorithm: .sha256, hash: [UInt8](repeating: 0xab, count: 32))
    let root = [UInt8](repeating: UInt8(ascii: "r"), count: 32)
    let info = TorrentRecipe.info(SwarmTicket(digest: digest, size: 5, piecesRoot: root, pieceLayer: []))
    let name = "64:" + String(repeating: "ab", count: 32)
    let expected =
      "d9:file treed\(name)d0:d6:lengthi5e11:pieces root32:\(String(repeating: "r", count: 32))eee"
      + "12:meta versioni2e4:name\(name)12:piece lengthi65536ee"
    #expect(info == Array(expected.utf8))
  }

  @Test func theInfoOfVersionOneHasFourKeysInOrder() throws {
    let digest = Digest(algorithm: .sha256, hash: [UInt8](repeating: 0xab, count: 32))
    let hashes = [UInt8](repeating: UInt8(ascii: "h"), count: 20)
    let info = TorrentRecipe.info(ClassicPieces(digest: digest, size: 5, hashes: hashes))
    let name = "64:" + String(repeating: "ab", count: 32)
    let expected = "d6:lengthi5e4:name\(name)12:piece lengthi65536e6:pieces20:hhhhhhhhhhhhhhhhhhhhe"
    #expect(info == Array(expected.utf8))
  }

  @Test func aFileHasItsInfoAsItStandsAndNothingThatNobodyGave() {
    let bare = TorrentRecipe.file(
      info: Array("d1:ai1ee".utf8), pieceLayer: [], piecesRoot: nil, trackers: [], webSeeds: [])
    #expect(String(decoding: bare, as: UTF8.self) == "d4:infod1:ai1eee")

    let root = Array("rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr".utf8)
    let full = TorrentRecipe.file(
      info: Array("de".utf8), pieceLayer: Array("layer".utf8), piecesRoot: root, trackers: ["http://a", "http://b"],
      webSeeds: ["http://w"])
    let expected =
      "d8:announce8:http://a13:announce-listll8:http://ael8:http://bee4:infode12:piece layersd"
      + "32:rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr5:layere8:url-listl8:http://wee"
    #expect(String(decoding: full, as: UTF8.self) == expected)
  }
}
