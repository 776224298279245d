import RegistryCore
import RegistryService

/// The whole API as rows of request and answer. Each story starts from an empty registry.
enum Stories {
  private static let f = Fixture.self
  private static let blob = "/v2/a/b/blobs/\(Fixture.layerDigest)"

  static let all: [Story] =
    [
      Story(
        "the version check answers as docker wants it",
        [
          Call("GET", "/v2/", 200, expects: [("Docker-Distribution-API-Version", "registry/2.0")], text: "{}"),
          Call("HEAD", "/v2/", 200),
          Call("GET", "/v2", 200),
          Call("DELETE", "/v2/", 405, expects: [("Allow", "GET, HEAD")]),
          Call("GET", "/", 404),
          Call("GET", "/v3/", 404),
        ]),
      Story(
        "a blob is pushed by POST alone and pulled",
        [
          Call("HEAD", blob, 404),
          Call(
            "POST", "/v2/a/b/blobs/uploads/?digest=\(f.layerDigest)", body: f.layer, 201,
            expects: [("Location", blob), ("Docker-Content-Digest", f.layerDigest.description)]),
          Call(
            "GET", blob, 200,
            expects: [
              ("Content-Length", "7"), ("Docker-Content-Digest", f.layerDigest.description),
              ("ETag", "\"\(f.layerDigest)\""), ("Accept-Ranges", "bytes"),
              ("Content-Type", "application/octet-stream"), ("X-Shoal-Source", "local"),
            ], expectsBody: f.layer),
          Call("HEAD", blob, 200, expects: [("Content-Length", "7")], expectsBody: []),
          Call("GET", blob + "?ns=docker.io", 200, expectsBody: f.layer),
          Call("GET", blob, [("If-None-Match", "\"\(f.layerDigest)\"")], 304),
          Call("GET", "/v2/other/blobs/\(f.layerDigest)", 404, text: "BLOB_UNKNOWN"),
          Call("POST", blob, 405),
        ]),
      Story(
        "ranges of a blob",
        [
          f.push(f.layer, to: "a/b"),
          Call(
            "GET", blob, [("Range", "bytes=2-4")], 206,
            expects: [("Content-Range", "bytes 2-4/7"), ("Content-Length", "3")], expectsBody: Array("lay".utf8)),
          Call("GET", blob, [("Range", "bytes=-2")], 206, expectsBody: Array("er".utf8)),
          Call("GET", blob, [("Range", "bytes=5-")], 206, expectsBody: Array("er".utf8)),
          Call("GET", blob, [("Range", "bytes=5-99")], 206, expects: [("Content-Length", "2")]),
          Call("GET", blob, [("Range", "bytes=7-")], 416, expects: [("Content-Range", "bytes */7")]),
          Call("GET", blob, [("Range", "bytes=-0")], 416),
          Call("GET", blob, [("Range", "bytes=99999999999999999999-")], 416),
          Call("GET", blob, [("Range", "bytes=0-1,3-4")], 200, expectsBody: f.layer),
          Call("GET", blob, [("Range", "lines=1-2")], 200, expectsBody: f.layer),
          Call("GET", blob, [("Range", "bytes=0-1"), ("If-Range", "\"other\"")], 200, expectsBody: f.layer),
        ]),
      Story(
        "a blob is pushed by POST and PUT",
        [
          Call("POST", "/v2/a/b/blobs/uploads/", 202, expects: [("Range", "0-0")]),
          Call("PUT", "{upload}?digest=\(f.layerDigest)", body: f.layer, 201, expects: [("Location", blob)]),
          Call("GET", blob, 200, expectsBody: f.layer),
        ]),
      Story(
        "a blob is pushed in chunks that come in order",
        [
          Call("POST", "/v2/a/b/blobs/uploads/", 202),
          Call(
            "PATCH", "{upload}", [("Content-Range", "0-2")], body: Array("a l".utf8), 202, expects: [("Range", "0-2")]),
          Call("PATCH", "{upload}", [("Content-Range", "0-2")], body: Array("a l".utf8), 416),
          Call("PATCH", "{upload}", [("Content-Range", "5-6")], body: Array("er".utf8), 416),
          Call("GET", "{upload}", 204, expects: [("Range", "0-2")]),
          Call("PATCH", "{upload}", [("Content-Range", "bananas")], body: Array("er".utf8), 400),
          Call("PATCH", "{upload}", [("Content-Range", "3-9")], body: Array("aye".utf8), 400, text: "SIZE_INVALID"),
          Call("PUT", "{upload}?digest=\(f.layerDigest)", [("Content-Range", "5-6")], body: Array("er".utf8), 416),
          Call("PUT", "{upload}?digest=\(f.layerDigest)", [("Content-Range", "3-6")], body: Array("ayer".utf8), 201),
          Call("GET", blob, 200, expectsBody: f.layer),
        ]),
      Story(
        "an upload is cancelled",
        [
          Call("POST", "/v2/a/b/blobs/uploads/", 202),
          Call("DELETE", "{upload}", 204),
          Call("GET", "{upload}", 404, text: "BLOB_UPLOAD_UNKNOWN"),
          Call("PATCH", "{upload}", body: f.layer, 404),
          Call("DELETE", "{upload}", 404),
        ]),
      Story(
        "an upload belongs to its repository, and its number is checked",
        [
          Call("GET", "/v2/a/b/blobs/uploads/0123456789abcdef0123456789abcdef", 404),
          Call("GET", "/v2/a/b/blobs/uploads/..%2f..%2fetc", 404),
          Call("GET", "/v2/a/b/blobs/uploads/passwd", 404),
          Call("GET", "/v2/a/b/blobs/uploads/", 405),
        ]),
      Story(
        "wrong digests are refused and leave nothing",
        [
          Call("POST", "/v2/a/b/blobs/uploads/?digest=\(f.absentDigest)", body: f.layer, 400, text: "DIGEST_INVALID"),
          Call("HEAD", "/v2/a/b/blobs/\(f.absentDigest)", 404),
          Call("HEAD", blob, 404),
          Call("POST", "/v2/a/b/blobs/uploads/?digest=sha256:xyz", body: f.layer, 400, text: "DIGEST_INVALID"),
          Call("POST", "/v2/a/b/blobs/uploads/?digest=md5:d41d8cd98f00b204e9800998ecf8427e", 400),
          Call("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=md5", 400),
          Call("POST", "/v2/a/b/blobs/uploads/", 202),
          Call("PUT", "{upload}", body: f.layer, 400, text: "DIGEST_INVALID"),
          Call("GET", "/v2/a/b/blobs/sha256:short", 400, text: "DIGEST_INVALID"),
        ]),
      Story(
        "sha512 names blobs and manifests too",
        [
          Call(
            "POST", "/v2/a/b/blobs/uploads/?digest=\(Digest(of: f.layer, .sha512))", body: f.layer, 201,
            expects: [("Docker-Content-Digest", Digest(of: f.layer, .sha512).description)]),
          Call("GET", "/v2/a/b/blobs/\(Digest(of: f.layer, .sha512))", 200, expectsBody: f.layer),
          Call("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=sha512", 202),
          Call("PUT", "{upload}?digest=\(Digest(of: f.config, .sha512))", body: f.config, 201),
          f.push(f.layer, to: "a/b"), f.push(f.config, to: "a/b"),
          f.put(f.manifest, "a/b", "\(Digest(of: f.manifest, .sha512))"),
          Call("GET", "/v2/a/b/manifests/\(Digest(of: f.manifest, .sha512))", 200, expectsBody: f.manifest),
        ]),
      Story(
        "a blob is mounted, or an upload begins instead",
        [
          f.push(f.layer, to: "a/b"),
          Call(
            "POST", "/v2/c/blobs/uploads/?mount=\(f.layerDigest)&from=a/b", 201,
            expects: [("Location", "/v2/c/blobs/\(f.layerDigest)")]),
          Call("GET", "/v2/c/blobs/\(f.layerDigest)", 200, expectsBody: f.layer),
          Call("POST", "/v2/d/blobs/uploads/?mount=\(f.layerDigest)", 201),
          Call("POST", "/v2/e/blobs/uploads/?mount=\(f.layerDigest)&from=nowhere", 202),
          Call("POST", "/v2/e/blobs/uploads/?mount=\(f.absentDigest)&from=a/b", 202),
          Call("POST", "/v2/e/blobs/uploads/?mount=\(f.layerDigest)&from=../b", 400, text: "NAME_INVALID"),
          Call("POST", "/v2/e/blobs/uploads/?mount=nonsense&from=a/b", 400),
        ]),
      Story(
        "a blob is deleted",
        [
          f.push(f.layer, to: "a/b"), f.push(f.layer, to: "c"),
          Call("DELETE", blob, 202),
          Call("GET", blob, 404),
          Call("DELETE", blob, 404, text: "BLOB_UNKNOWN"),
          Call("GET", "/v2/c/blobs/\(f.layerDigest)", 200, expectsBody: f.layer),
        ]),
    ] + manifests + lists + torrents
}
