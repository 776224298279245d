import RegistryCore
import RegistryService

extension Stories {
  private static let f = Fixture.self
  private static let byTag = "/v2/a/b/manifests/v1"
  private static let byDigest = "/v2/a/b/manifests/\(Fixture.manifestDigest)"
  private static let typed = [("Content-Type", Fixture.manifestType)]

  static let manifests: [Story] = [
    Story(
      "a manifest is pushed by tag and pulled by tag and digest, byte for byte",
      f.blobs("a/b") + [
        Call(
          "PUT", byTag, typed, body: f.manifest, 201,
          expects: [
            ("Location", byDigest), ("Docker-Content-Digest", f.manifestDigest.description), ("OCI-Subject", nil),
          ]),
        Call(
          "GET", byTag, 200,
          expects: [
            ("Content-Type", f.manifestType), ("Docker-Content-Digest", f.manifestDigest.description),
            ("ETag", "\"\(f.manifestDigest)\""),
          ], expectsBody: f.manifest),
        Call("GET", byDigest, 200, expectsBody: f.manifest),
        Call("GET", byTag, [("Accept", "application/json")], 200, expectsBody: f.manifest),
        Call("HEAD", byTag, 200, expects: [("Content-Length", "\(f.manifest.count)")], expectsBody: []),
        Call("GET", byTag, [("If-None-Match", "W/\"x\", \"\(f.manifestDigest)\"")], 304),
        Call("GET", "/v2/a/b/manifests/v2", 404, text: "MANIFEST_UNKNOWN"),
        Call("GET", "/v2/a/b/manifests/.bad", 404),
        Call("GET", "/v2/a/b/manifests/sha256:bad", 400),
        Call("GET", "/v2/nowhere/manifests/v1", 404),
        Call("PATCH", byTag, 405),
      ]),
    Story(
      "a manifest that names what is not here is refused",
      [
        f.push(f.config, to: "a/b"),
        Call("PUT", byTag, typed, body: f.manifest, 400, text: "MANIFEST_BLOB_UNKNOWN"),
        Call("PUT", byTag, typed, body: f.manifest, 400, text: f.layerDigest.description),
        Call("GET", byDigest, 404),
        Call("GET", "/v2/a/b/tags/list", 200, text: "\"tags\":[]"),
        f.push(f.layer, to: "a/b"),
        Call("PUT", byTag, typed, body: f.image(layers: [(f.layerDigest, 99)]), 400, text: "MANIFEST_BLOB_UNKNOWN"),
        Call(
          "PUT", "/v2/a/b/manifests/i", [("Content-Type", f.indexType)],
          body: f.index([(f.manifestDigest, f.manifest.count)]), 400, text: "MANIFEST_BLOB_UNKNOWN"),
        f.put(f.manifest, "a/b", "v1"),
        f.put(f.index([(f.manifestDigest, f.manifest.count)]), "a/b", "i", f.indexType),
      ]),
    Story(
      "a layer that lives elsewhere need not be here",
      [
        f.push(f.config, to: "a/b"),
        f.put(
          f.image(
            layers: [(f.absentDigest, 10)], layerType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
          "a/b", "nd"),
        f.put(
          f.image(
            layers: [(f.absentDigest, 10)], mediaType: MediaType.dockerManifest.text,
            layerType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), "a/b", "foreign",
          MediaType.dockerManifest.text),
      ]),
    Story(
      "bad manifests are refused with a reason",
      f.blobs("a/b") + [
        Call("PUT", byTag, typed, body: Array("not json".utf8), 400, text: "MANIFEST_INVALID"),
        Call("PUT", byTag, typed, body: [0xff, 0xfe], 400, text: "UTF-8"),
        Call("PUT", byTag, typed, body: [], 400),
        Call("PUT", byTag, typed, body: Array("[]".utf8), 400),
        Call("PUT", byTag, typed, body: Array("{\"schemaVersion\":1}".utf8), 400, text: "schemaVersion"),
        Call("PUT", byTag, typed, body: [UInt8](repeating: UInt8(ascii: "["), count: 100_000), 400),
        Call("PUT", byTag, [("Content-Type", f.indexType)], body: f.manifest, 400, text: "mediaType"),
        Call("PUT", byTag, [("Content-Type", "nonsense")], body: f.manifest, 400),
        Call("PUT", byTag, typed, body: [UInt8](repeating: 32, count: (4 << 20) + 1), 413),
        Call("PUT", "/v2/a/b/manifests/-bad", typed, body: f.manifest, 400, text: "no tag"),
        Call("PUT", "/v2/a/b/manifests/\(f.absentDigest)", typed, body: f.manifest, 400, text: "DIGEST_INVALID"),
        Call("PUT", "/v2/A/b/manifests/v1", typed, body: f.manifest, 400, text: "NAME_INVALID"),
        Call("PUT", "/v2/a/../b/manifests/v1", typed, body: f.manifest, 400, text: "NAME_INVALID"),
        Call("PUT", "/v2/a%2fb/manifests/v1", typed, body: f.manifest, 400, text: "NAME_INVALID"),
        Call("GET", "/v2/a/b/tags/list", 200, text: "\"tags\":[]"),
      ]),
    Story(
      "a manifest without mediaType is kept under the Content-Type, or under what it looks like",
      f.blobs("a/b") + [
        f.put(f.image(mediaType: nil), "a/b", "plain"),
        Call("GET", "/v2/a/b/manifests/plain", 200, expects: [("Content-Type", f.manifestType)]),
        Call("PUT", "/v2/a/b/manifests/none", body: f.image(mediaType: nil), 201),
        Call("GET", "/v2/a/b/manifests/none", 200, expects: [("Content-Type", f.manifestType)]),
        Call("PUT", byTag, [("Content-Type", f.manifestType + "; charset=utf-8")], body: f.manifest, 201),
        Call("GET", byTag, 200, expects: [("Content-Type", f.manifestType)]),
      ]),
    Story(
      "several tags come with one push by digest",
      f.blobs("a/b") + [
        Call("PUT", byDigest + "?tag=x&tag=y", typed, body: f.manifest, 201, expects: [("OCI-Tag", "x, y")]),
        Call("GET", "/v2/a/b/manifests/x", 200, expectsBody: f.manifest),
        Call("GET", "/v2/a/b/manifests/y", 200, expectsBody: f.manifest),
        Call("PUT", byDigest + "?tag=-z", typed, body: f.manifest, 400),
      ]),
    Story(
      "tags and manifests are deleted",
      f.blobs("a/b") + [
        f.put(f.manifest, "a/b", "v1"), f.put(f.manifest, "a/b", "v2"),
        Call("DELETE", byTag, 202),
        Call("GET", byTag, 404),
        Call("GET", byDigest, 200),
        Call("DELETE", byTag, 404),
        Call("DELETE", byDigest, 202),
        Call("GET", byDigest, 404),
        Call("GET", "/v2/a/b/manifests/v2", 404),
        Call("DELETE", byDigest, 404, text: "MANIFEST_UNKNOWN"),
        f.put(f.manifest, "a/b", "v3"),
        Call("GET", "/v2/a/b/manifests/v3", 200, expectsBody: f.manifest),
      ]),
  ]
}
