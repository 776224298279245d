import RegistryCore
import Testing
import Wire

@testable import RegistryHTTP

struct RepresentationTests {
  private func representation(accept: String..., query: String? = nil) -> Representation {
    Representation(
      Request(method: .get, path: "/", query: query, fields: Fields(accept.map { (name: "Accept", value: $0) })))
  }

  @Test(
    arguments: [
      ("application/x-bittorrent", .torrent(.v1)), ("APPLICATION/X-BitTorrent", .torrent(.v1)),
      ("application/x-bittorrent;v=1", .torrent(.v1)), ("application/x-bittorrent; v=2", .torrent(.v2)),
      ("application/x-bittorrent ; V = \"2\" ; q=0.5", .torrent(.v2)),
      ("application/x-bittorrent;v=3", .unknownTorrent),
      ("application/x-bittorrent;v=3, application/x-bittorrent;v=2;q=0.1", .torrent(.v2)),
      ("application/x-bittorrent;v=2;q=0.5, application/x-bittorrent;q=0.4", .torrent(.v2)),
      ("application/x-bittorrent;v=2, application/x-bittorrent", .torrent(.v2)),
      ("application/x-bittorrent, */*", .torrent(.v1)), ("application/x-bittorrent, */*;q=0.1", .torrent(.v1)),
      ("application/x-bittorrent, application/*", .torrent(.v1)),
      ("text/html, application/x-bittorrent;q=0.9, */*;q=0.8", .torrent(.v1)),
      ("application/vnd.oci.image.manifest.v1+json;q=0.5, application/x-bittorrent", .torrent(.v1)),
      ("application/x-bittorrent;x=\"a,b;q=0\"", .torrent(.v1)),
    ] as [(String, Representation)]) func torrentIsGivenToWhoLikesItBetterThanBytes(
      _ accept: String, _ expected: Representation
    )
  {
    #expect(representation(accept: accept) == expected)
  }

  @Test(arguments: [
    "*/*", "application/octet-stream", "application/x-bittorrent;q=0", "application/x-bittorrent;q=0.5, */*",
    "application/octet-stream, application/x-bittorrent", "application/x-bittorrents",
    "application/vnd.oci.image.manifest.v1+json, application/x-bittorrent",
    "application/x-bittorrent;q=0.9, application/vnd.oci.image.manifest.v1+json", "x-bittorrent", "",
    "application/x-bittorrent;q=2", "application/x-bittorrent;q=0.5555", "application/x-bittorrent;q=a",
    "application/x-bittorrent;v", "text/plain;x=application/x-bittorrent", ";,;,application/x-bittorrent;q=",
  ]) func everybodyElseIsGivenBytes(_ accept: String) {
    #expect(representation(accept: accept) == .bytes)
  }

  @Test func severalFieldsCountAsOne() {
    #expect(representation(accept: "*/*;q=0.1", "application/x-bittorrent;v=2") == .torrent(.v2))
    #expect(representation(accept: "application/x-bittorrent;q=0.1", "*/*") == .bytes)
  }

  @Test(
    arguments: [
      ("torrent=1", .torrent(.v1)), ("torrent=2", .torrent(.v2)), ("torrent", .torrent(.v1)),
      ("torrent=", .torrent(.v1)),
      ("ns=docker.io&torrent=2", .torrent(.v2)), ("torrent=0", .unknownTorrent), ("torrent=two", .unknownTorrent),
      ("torrents=1", .bytes), ("ns=torrent", .bytes),
    ] as [(String, Representation)]) func queryAsksForItToo(_ query: String, _ expected: Representation)
  {
    #expect(representation(query: query) == expected)
    #expect(representation(accept: "*/*", query: query) == expected)
  }

  @Test func digestsAreWrittenInBase64() {
    #expect(Base64.encode([]) == "")
    #expect(Base64.encode(Array("f".utf8)) == "Zg==")
    #expect(Base64.encode(Array("fo".utf8)) == "Zm8=")
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == "+//+")
  }
}
