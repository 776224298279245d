import BlockingBodies
import Testing

extension BadInputTests {
  /// Requests that two servers in a row could read differently. Each is refused, the connection ends, and what was
  /// hidden behind it is never answered.
  @Suite(.blocking, .onOneNode) struct Smuggling {
    private static let hidden = "GET /v2/hidden/tags/list HTTP/1.1\r\nHost: node\r\n\r\n"
    private static let post = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: node\r\n"

    static let heads: [(name: String, head: String)] = [
      ("two lengths", post + "Content-Length: 0\r\nContent-Length: \(hidden.count)\r\n\r\n"),
      ("the same length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"),
      ("a list of lengths", post + "Content-Length: 0, \(hidden.count)\r\n\r\n"),
      ("a signed length", post + "Content-Length: +0\r\n\r\n"),
      ("a negative length", post + "Content-Length: -1\r\n\r\n"),
      ("a length in hex", post + "Content-Length: 0x10\r\n\r\n"),
      ("an overflowing length", post + "Content-Length: 18446744073709551616\r\n\r\n"),
      ("an empty length", post + "Content-Length: \r\n\r\n"),
      ("length and coding", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      ("coding and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
      ("two codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
      ("a list of codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
      ("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
      ("an unknown coding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
      ("identity", post + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n"),
      (
        "coding in 1.0",
        "POST /v2/a/blobs/uploads/ HTTP/1.0\r\nHost: node\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      ),
      ("a space before the colon", post + "Content-Length : 0\r\n\r\n"),
      ("a tab before the colon", post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
      ("a folded field", post + "X-A: b\r\n Content-Length: 5\r\n\r\n"),
      ("a folded coding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
      ("a bare LF", "GET /v2/ HTTP/1.1\nHost: node\n\n"),
      ("one bare LF", post + "X-A: b\nContent-Length: 0\r\n\r\n"),
      ("a bare CR", post + "X-A: b\rContent-Length: 5\r\n\r\n"),
      ("a NUL", post + "X-A: b\0c\r\n\r\n"),
      ("no host", "GET /v2/ HTTP/1.1\r\n\r\n"),
      ("two hosts", "GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
      ("HTTP/2.0", "GET /v2/ HTTP/2.0\r\nHost: a\r\n\r\n"),
      ("HTTP/1.2", "GET /v2/ HTTP/1.2\r\nHost: a\r\n\r\n"),
      ("HTTP/0.9", "GET /v2/\r\n"),
      ("a lower case version", "GET /v2/ http/1.1\r\nHost: a\r\n\r\n"),
      ("two spaces", "GET  /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"),
      ("a space behind the version", "GET /v2/ HTTP/1.1 \r\nHost: a\r\n\r\n"),
      ("a field without a name", "GET /v2/ HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
      ("a line without a colon", "GET /v2/ HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"),
      ("too many fields", post + (0..<200).map { "X-\($0): y\r\n" }.joined() + "\r\n"),
      ("a head too large", post + "X-A: \(String(repeating: "b", count: 70_000))\r\n\r\n"),
      ("a target too long", "GET /v2/\(String(repeating: "a", count: 12_000)) HTTP/1.1\r\nHost: a\r\n\r\n"),
      ("binary", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n"),
    ]

    private static func answerCount(_ said: String) -> Int { said.matches(of: #/HTTP\/1\.1 [1-5][0-9][0-9] /#).count }

    @Test(arguments: heads.map(\.name))
    func headThatCanBeReadTwoWaysIsRefused(name: String) throws {
      let head = try #require(Self.heads.first { $0.name == name }?.head)
      let (client, _) = try SharedNode.visit()
      try client.send(head + Self.hidden)
      let said = String(decoding: try client.everything(), as: UTF8.self)
      #expect(Self.answerCount(said) == 1, "\(said)")
      let answer = try HTTPAnswer(head: said)
      #expect((400...417).contains(answer.status) || [431, 501, 505].contains(answer.status), "\(said)")
      #expect(!said.contains("hidden"))
      try SharedNode.visit().0.checkService()
    }

    /// The body of an upload, as chunks.
    @Test(arguments: [
      "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX0\r\n\r\n",
      "5\r\nhello\r\n0\n\n", "\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n", "5;a=\nb\r\nhello\r\n0\r\n\r\n",
      "10000000000000005\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ])
    func chunkThatCanBeReadTwoWaysIsRefused(body: String) throws {
      let (client, repository) = try SharedNode.visit()
      let digest = Blob("hello").digest
      try client.send(
        "POST /v2/\(repository)/blobs/uploads/?digest=\(digest) HTTP/1.1\r\nHost: node\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n" + body + Self.hidden)
      let said = String(decoding: try client.everything(), as: UTF8.self)
      #expect(Self.answerCount(said) == 1, "\(said)")
      #expect(try HTTPAnswer(head: said).status == 400, "\(said)")
      #expect(!said.contains("hidden"))
      let (next, _) = try SharedNode.visit()
      #expect(try next.ask("HEAD", "/v2/\(repository)/blobs/\(digest)").status == 404)
    }

    /// The body of a refused request is read to its end, or the connection is closed: never taken for a request.
    @Test(arguments: [
      ("PUT", "/v2/UPPER/manifests/v1"), ("POST", "/v2/"), ("DELETE", "/v2/a/tags/list"), ("GET", "/v2/"),
    ])
    func unreadBodyIsNeverTakenForARequest(method: String, target: String) throws {
      let (client, _) = try SharedNode.visit()
      try client.send(
        "\(method) \(target) HTTP/1.1\r\nHost: node\r\nContent-Length: \(Self.hidden.count)\r\n\r\n\(Self.hidden)"
          + "GET /v2/ HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")
      let said = String(decoding: try client.everything(), as: UTF8.self)
      #expect(!said.contains("hidden"))
      #expect(Self.answerCount(said) <= 2)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
      let (client, repository) = try SharedNode.visit()
      let blobs = (0..<20).map { Blob("pipelined \($0)") }
      for blob in blobs { try client.push(blob, to: repository) }
      try client.send(
        blobs.map { "GET /v2/\(repository)/blobs/\($0.digest) HTTP/1.1\r\nHost: node\r\n\r\n" }.joined())
      for blob in blobs { #expect(try client.answer().body == blob.bytes) }
    }

    @Test func upgradeToHTTP2IsIgnored() throws {
      let (client, _) = try SharedNode.visit()
      let fields = [
        ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAoAAA"),
      ]
      #expect(try client.get("/v2/", fields).status == 200)
    }
  }
}
