import RegistryCore
import RegistryService

extension Stories {
  private static let f = Fixture.self
  private static let sbom = f.image(
    subject: f.manifestDigest, artifactType: "application/sbom", annotations: "{\"k\":\"v\"}")
  private static let signature = f.image(subject: f.manifestDigest)
  private static let referrers = "/v2/a/b/referrers/\(Fixture.manifestDigest)"

  static let lists: [Story] = [
    Story(
      "tags are listed in order, a page at a time",
      f.blobs("a/b") + ["b", "a", "B", "c"].map { f.put(f.manifest, "a/b", $0) } + [
        Call(
          "GET", "/v2/a/b/tags/list", 200, expects: [("Link", nil)],
          text: "{\"name\":\"a/b\",\"tags\":[\"B\",\"a\",\"b\",\"c\"]}"),
        Call(
          "GET", "/v2/a/b/tags/list?n=2", 200, expects: [("Link", "</v2/a/b/tags/list?n=2&last=a>; rel=\"next\"")],
          text: "[\"B\",\"a\"]"),
        Call("GET", "/v2/a/b/tags/list?n=2&last=a", 200, expects: [("Link", nil)], text: "[\"b\",\"c\"]"),
        Call("GET", "/v2/a/b/tags/list?last=aa", 200, text: "[\"b\",\"c\"]"),
        Call("GET", "/v2/a/b/tags/list?n=0", 200, expects: [("Link", nil)], text: "\"tags\":[]"),
        Call("GET", "/v2/a/b/tags/list?n=-1", 400),
        Call("GET", "/v2/a/b/tags/list?n=x", 400),
        Call("GET", "/v2/nowhere/tags/list", 404, text: "NAME_UNKNOWN"),
        Call("POST", "/v2/a/b/tags/list", 405),
      ]),
    Story(
      "repositories are listed in order, a page at a time",
      ["b", "a", "a/b"].flatMap { f.blobs($0) + [f.put(f.manifest, $0, "v1")] } + [
        Call("GET", "/v2/_catalog", 200, text: "{\"repositories\":[\"a\",\"a/b\",\"b\"]}"),
        Call(
          "GET", "/v2/_catalog?n=1", 200, expects: [("Link", "</v2/_catalog?n=1&last=a>; rel=\"next\"")],
          text: "[\"a\"]"),
        Call("GET", "/v2/_catalog?n=5&last=a", 200, expects: [("Link", nil)], text: "[\"a/b\",\"b\"]"),
      ]),
    Story(
      "referrers are listed, also of a subject that is not here",
      [
        Call(
          "GET", referrers, 200, expects: [("Content-Type", f.indexType)], text: "\"manifests\":[]")
      ] + f.blobs("a/b") + [
        Call(
          "PUT", "/v2/a/b/manifests/\(Digest(of: sbom))", [("Content-Type", f.manifestType)], body: sbom, 201,
          expects: [("OCI-Subject", f.manifestDigest.description)]),
        f.put(signature, "a/b", "\(Digest(of: signature))"),
        Call("GET", referrers, 200, expects: [("OCI-Filters-Applied", nil)], text: Digest(of: sbom).description),
        Call("GET", referrers, 200, text: "\"artifactType\":\"application/vnd.oci.image.config.v1+json\""),
        Call("GET", referrers, 200, text: "\"annotations\":{\"k\":\"v\"}"),
        Call(
          "GET", referrers + "?artifactType=application%2Fsbom", 200,
          expects: [("OCI-Filters-Applied", "artifactType")], text: Digest(of: sbom).description),
        Call("GET", referrers + "?artifactType=none/such", 200, text: "\"manifests\":[]"),
        Call("DELETE", "/v2/a/b/manifests/\(Digest(of: sbom))", 202),
        Call("GET", referrers + "?artifactType=application/sbom", 200, text: "\"manifests\":[]"),
        Call("GET", "/v2/a/b/referrers/sha256:bad", 400),
        Call("GET", "/v2/nowhere/referrers/\(f.manifestDigest)", 200, text: "\"manifests\":[]"),
      ]),
    Story(
      "the node tells how it is, and strangers nothing more",
      [
        Call("GET", "/healthz", 200, text: "ok"),
        Call("GET", "/readyz", 200, text: "ready"),
        Call("GET", "/metrics", 200, text: "shoal_http_requests_total{route=\"version\",status=\"2xx\"}"),
      ]),
  ]
}
