import RegistryCore
import RegistryService

/// Torrents of public parts, and that nothing private has one.
extension Stories {
  private static let f = Fixture.self
  private static let blob = "/v2/a/b/blobs/\(Fixture.layerDigest)"
  private static let manifest = "/v2/a/b/manifests/\(Fixture.manifestDigest)"
  private static let wantsTorrent = [("Accept", "application/x-bittorrent")]
  private static let seed = "8:url-list"

  static let torrents: [Story] = [
    Story(
      "a public blob has a torrent of either version, by Accept and by URL", public: ["a/*"],
      [
        f.push(f.layer, to: "a/b"),
        Call(
          "GET", blob, wantsTorrent, 200,
          expects: [
            ("Content-Type", "application/x-bittorrent"), ("Vary", "Accept"),
            ("Content-Disposition", "attachment; filename=\"\(f.layerDigest.hex).torrent\""),
            ("Docker-Content-Digest", nil), ("Link", nil),
          ], text: "6:lengthi7e4:name64:\(f.layerDigest.hex)12:piece lengthi65536e6:pieces20:"),
        Call("GET", blob, wantsTorrent, 200, text: "\(seed)l\(seedText(blob))e"),
        Call("GET", blob, wantsTorrent, 200, text: "8:announce25:http://localhost/announce"),
        Call("GET", blob, wantsTorrent, 200, text: "l30:udp://tracker.example.org:6969e"),
        Call(
          "GET", blob, [("Accept", "application/x-bittorrent;v=2")], 200,
          expects: [("Content-Type", "application/x-bittorrent;v=2")], text: "12:meta versioni2e"),
        Call("GET", blob + "?torrent=1", 200, text: "6:pieces20:"),
        Call("GET", blob + "?torrent", 200, text: "6:pieces20:"),
        Call("GET", blob + "?ns=docker.io&torrent=2", 200, text: "12:piece layersde"),
        Call("GET", blob + "?torrent=3", 406, text: "version 1 or 2"),
        Call("GET", blob, [("Accept", "application/x-bittorrent;v=9")], 406),
        Call("HEAD", blob, wantsTorrent, 200, expects: [("Content-Type", "application/x-bittorrent")]),
        Call("GET", blob, [("Accept", "*/*")], 200, expectsBody: f.layer),
        Call("GET", "/v2/a/b/blobs/\(f.absentDigest)", wantsTorrent, 404, text: "BLOB_UNKNOWN"),
        Call("DELETE", blob, wantsTorrent, 202),
        Call("GET", blob, wantsTorrent, 404),
      ]),
    Story(
      "the ordinary answer of a public part says where its torrents are", public: ["**"],
      f.blobs("a/b") + [
        f.put(f.manifest, "a/b", "1"),
        Call(
          "GET", blob, 200,
          expects: [
            ("Vary", "Accept"),
            ("Link", "<\(blob)?torrent=1>; rel=\"describedby\"; type=\"application/x-bittorrent\""),
            ("Repr-Digest", "sha-256=:4o2YrGZq/TTwiblxpmMmTVTWemDdyCmW1I2PPCBOt18=:"),
          ], expectsBody: f.layer),
        Call("HEAD", blob, 200, expects: [("Digest", "SHA-256=4o2YrGZq/TTwiblxpmMmTVTWemDdyCmW1I2PPCBOt18=")]),
        Call("GET", blob, [("Range", "bytes=0-1")], 206, expects: [("Vary", "Accept")]),
        Call(
          "GET", "/v2/a/b/manifests/1", 200,
          expects: [("Link", "<\(manifest)?torrent=1>; rel=\"describedby\"; type=\"application/x-bittorrent\"")]),
        Call("GET", manifest, wantsTorrent, 200, text: "4:name64:\(f.manifestDigest.hex)"),
        Call("GET", manifest, wantsTorrent, 200, text: "\(seed)l\(seedText(manifest))e"),
        Call("GET", "/v2/a/b/manifests/1?torrent=2", 200, text: "12:meta versioni2e"),
      ]),
    Story(
      "a private repository has no torrents, whatever it holds", public: ["public/**"],
      f.blobs("a/b") + [
        f.put(f.manifest, "a/b", "1"),
        Call("GET", blob, wantsTorrent, 406, expects: [("Vary", "Accept")], text: "torrent.public"),
        Call("GET", blob + "?torrent=2", 406, text: "a/b is private"),
        Call("GET", "/v2/a/b/blobs/\(f.absentDigest)", wantsTorrent, 406, text: "a/b is private"),
        Call("GET", "/v2/never/seen/blobs/\(f.absentDigest)", wantsTorrent, 406, text: "never/seen is private"),
        Call("GET", "/v2/a/b/manifests/1", wantsTorrent, 406),
        Call("GET", "/v2/a/b/manifests/nothing", wantsTorrent, 406),
        Call("GET", blob, 200, expects: [("Link", nil), ("Vary", nil), ("Digest", nil)], expectsBody: f.layer),
        Call("GET", "/v2/public/c/blobs/\(f.layerDigest)", wantsTorrent, 404, text: "BLOB_UNKNOWN"),
      ]),
    Story(
      "a web seed is asked for the blob's URL, with the file's name behind it by some",
      [
        f.push(f.layer, to: "a/b"),
        Call("GET", "\(blob)/\(f.layerDigest.hex)", [("Range", "bytes=2-4")], 206, expectsBody: Array("lay".utf8)),
        Call("GET", "\(blob)/\(f.absentDigest.hex)", 404),
        Call("DELETE", "\(blob)/\(f.layerDigest.hex)", 404),
        Call("HEAD", "\(blob)/\(f.layerDigest.hex)", 200),
        Call("GET", "\(blob)/other", 404),
        Call("GET", "/v2/a/b/other/\(f.layerDigest)/\(f.layerDigest.hex)", 404),
      ]),
    Story(
      "an empty blob has no torrent", public: ["**"],
      [
        f.push([], to: "a/b"),
        Call("GET", "/v2/a/b/blobs/\(Digest(of: []))", wantsTorrent, 406, text: "has no torrent"),
        Call("GET", "/v2/a/b/blobs/\(Digest(of: []))", 200, expects: [("Link", nil), ("Vary", "Accept")]),
      ]),
    Story(
      "a tracker says what is wrong in the body of a 200", public: ["**"],
      [
        Call("POST", "/announce", 405, expects: [("Allow", "GET")]),
        Call("GET", "/v2/announce", 404),
        Call("GET", "/announce/", 404),
      ]),
  ]

  private static func seedText(_ path: String) -> String {
    let url = "http://localhost\(path)"
    return "\(url.utf8.count):\(url)"
  }
}
