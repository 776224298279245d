import RegistryCore
import Testing

@Suite struct MagnetLinkTests {
  private static let classic = InfoHash(version: .v1, bytes: (0..<20).map { $0 &* 13 })
  private static let modern = InfoHash(version: .v2, bytes: (0..<32).map { $0 &* 7 })
  private static let classicHex = "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7"
  private static let modernHex = "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9"

  @Test func bothVersionsAreReadAndTheBetterOneIsPreferred() throws {
    let link = try MagnetLink(
      parsing:
        "magnet:?xt=urn:btih:\(Self.classicHex)&xt=urn:btmh:1220\(Self.modernHex)&dn=a%20b+c&tr=udp%3A%2F%2Ft%3A1"
        + "&tr.1=http://t/a%3Fb%26c&ws=https%3A%2F%2Fw%2Fx&x.pe=192.0.2.1:6881&x.pe=%5B::1%5D:1&x.pe=host:1&xl=1&so=0-2"
    )
    #expect(link.infoHashes == [Self.modern, Self.classic])
    #expect(link.infoHash == Self.modern)
    #expect(link.name == "a b+c")
    #expect(link.trackers == ["udp://t:1", "http://t/a?b&c"])
    #expect(link.webSeeds == ["https://w/x"])
    #expect(link.peers.map(\.description) == ["192.0.2.1:6881", "[::1]:1"])
  }

  @Test(arguments: [
    "xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7", "xt=urn:btih:000D1A2734414E5B6875828F9CA9B6C3D0DDEAF7",
    "xt=urn:btih:aagrujzuifhfw2dvqkhzzknwypin32xx", "xt=urn:btih:AAGRUJZUIFHFW2DVQKHZZKNWYPIN32XX",
    "xt.1=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
    "xt=urn%3Abtih%3A000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
    "xt=urn:sha1:AAGRUJZUIFHFW2DVQKHZZKNWYPIN32XX&xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
    "xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&xt=urn:btih:AAGRUJZUIFHFW2DVQKHZZKNWYPIN32XX",
  ])
  func everySpellingOfAHashIsTheSameHash(_ query: String) throws {
    #expect(try MagnetLink(parsing: "MAGNET:?" + query).infoHashes == [Self.classic])
  }

  @Test(arguments: [
    "", "magnet:", "magnet:?", "magnet:?dn=x", "http://x/?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
    "magnet:?xt=urn:sha1:AAGRUJZUIFHFW2DVQKHZZKNWYPIN32XX", "magnet:?xt=urn:btih:", "magnet:?xt=urn:btih:00",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeafg",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7aa",
    "magnet:?xt=urn:btih:aagruj2ujfhfw2dvqkhzzknwypin32x1", "magnet:?xt=urn:btmh:1220",
    "magnet:?xt=urn:btmh:1114000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
    "magnet:?xt=urn:btmh:122000070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&dn=%",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&dn=%4",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&dn=%zz",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&dn=%ff",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&xt=urn:btih:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "magnet:?xt=urn:btih:000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7&dn=" + String(repeating: "a", count: 65_536),
  ])
  func whatNamesNoTorrentOrTwoIsRefused(_ text: String) {
    let error = #expect(throws: RegistryError.self) { try MagnetLink(parsing: text) }
    #expect(error?.code == .torrentInvalid)
    #expect(error?.message.isEmpty == false)
  }

  @Test func aLinkThatIsWrittenIsReadAgain() throws {
    let link = MagnetLink(
      [Self.classic, Self.modern], name: "é & 100% = a+b", trackers: ["http://t/announce?key=1&b=2", "udp://[::1]:1"],
      webSeeds: ["https://w/v2/a/blobs/sha256:00"],
      peers: [PeerEndpoint(address: "192.0.2.1", port: 1), PeerEndpoint(address: "2001:db8::1", port: 65535)])
    #expect(try MagnetLink(parsing: link.description) == link)
    #expect(
      MagnetLink([Self.modern], name: "a/b").description == "magnet:?xt=urn:btmh:1220\(Self.modernHex)&dn=a%2Fb")
  }

  @Test func hintsHaveABound() throws {
    let peers = (1...1000).map { "&x.pe=192.0.2.1:\($0)" }.joined()
    let trackers = (1...1000).map { "&tr=http://t/\($0)" }.joined()
    let link = try MagnetLink(parsing: "magnet:?xt=urn:btih:\(Self.classicHex)" + peers + trackers)
    #expect(link.peers.count == MagnetLink.peerLimit && link.trackers.count == 64)
  }

  @Test func aNameThatATerminalWouldObeyIsNotShown() throws {
    #expect(try MagnetLink(parsing: "magnet:?xt=urn:btih:\(Self.classicHex)&dn=a%1b%5B2J").name == nil)
  }
}
