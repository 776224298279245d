/// Heads as the clients send them, to start from.
enum RealHeads {
  static let all: [String] = [
    "GET /v2/ HTTP/1.1\r\nHost: localhost:5000\r\nUser-Agent: docker/20.10.24+dfsg1 go/go1.19.8 git-commit/5d6db84 "
      + "kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/20.10.24+dfsg1 \\(linux\\))\r\n"
      + "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    "HEAD /v2/library/alpine/manifests/latest HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: containerd/1.6.20\r\n"
      + "Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, */*\r\n\r\n",
    "GET /v2/library/alpine/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855?ns=docker.io "
      + "HTTP/1.1\r\nHost: registry.corp.example\r\nUser-Agent: containerd/1.6.20\r\nAccept: */*\r\nRange: bytes=0-\r\n\r\n",
    "PATCH /v2/team/app/blobs/uploads/7f1c?_state=abc%3D%3D HTTP/1.1\r\nHost: localhost:5000\r\n"
      + "User-Agent: docker/20.10\r\nTransfer-Encoding: chunked\r\nAccept-Encoding: gzip\r\n\r\n",
    "PUT /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: localhost:5000\r\nContent-Length: 1367\r\n"
      + "Content-Type: application/vnd.docker.distribution.manifest.v2+json\r\nAuthorization: Basic YWxpY2U6eA==\r\n\r\n",
    "POST /v2/team/app/blobs/uploads/?mount=sha256:aa&from=team/base HTTP/1.1\r\nHost: [::1]:5000\r\n"
      + "Content-Length: 0\r\nUser-Agent: skopeo/1.9.3\r\n\r\n",
    "PUT /upload HTTP/1.1\r\nHost: localhost:7101\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
      + "Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n",
    "GET http://proxy.example:8080/v2/a/tags/list?n=5&last=b HTTP/1.1\r\nHost: proxy.example:8080\r\n"
      + "Proxy-Connection: Keep-Alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "DELETE /v2/a/b/manifests/sha256:00 HTTP/1.1\r\nhost:\tlocalhost \r\nX-Empty:\r\nCookie: a=b; c=\"d\"\r\n"
      + "Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
  ]
}
