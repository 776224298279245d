import Testing

@testable import CurlKit

@Suite struct ValueTests {
  @Test(arguments: [
    ("http://Example.COM", "example.com:80", "/"), ("https://a.test/v2/?n=1", "a.test:443", "/v2/?n=1"),
    ("http://[::1]:5000/a/../b", "[::1]:5000", "/a/../b"), ("https://a.test:6001/x%2Fy#z", "a.test:6001", "/x%2Fy"),
  ])
  func urlIsTakenApart(text: String, origin: String, target: String) throws {
    let url = try HTTPURL(parsing: text)
    #expect(url.origin.description == origin)
    #expect(url.target == target)
    let again = try HTTPURL(parsing: url.text)
    #expect(again == url)
  }

  @Test(arguments: [
    "", "/v2/", "ftp://a.test/", "http://", "http://user:secret@a.test/", "http://a.test/ x", "http://a.test/\r\nX: y",
    "http://a.test:99999/", "http://a b/", "file:///etc/passwd",
  ])
  func textThatIsNoURLIsRefusedAndNotRepeated(text: String) {
    #expect { try HTTPURL(parsing: text) } throws: { error in !"\(error)".contains("secret") }
  }

  @Test func targetThatCouldStartALineIsRefused() {
    let origin = HTTPOrigin(.http, host: "a.test")
    for target in ["", "x", "/ ", "/\r\nX: y", "/#x", "/é"] {
      #expect(throws: HTTPClientError.self) { try HTTPURL(origin, target: target) }
    }
    #expect(throws: HTTPClientError.self) { try HTTPURL(HTTPOrigin(.http, host: "a/b"), target: "/") }
  }

  @Test func headersKeepTheirOrderAndCompareWithoutCase() {
    var headers: HTTPHeaders = ["Link": "a", "X-Empty": "", "link": "b"]
    headers.append("LINK", "c")
    #expect(headers["lInK"] == "a")
    #expect(headers.all("Link") == ["a", "b", "c"])
    #expect(headers["X-Empty"] == "")
    #expect(headers["Lin"] == nil)
    #expect(headers.entries.map(\.name) == ["Link", "X-Empty", "link", "LINK"])
    var lines: [String] = []
    headers.forEachLine { lines.append(String(cString: $0)) }
    #expect(lines == ["Link: a", "X-Empty;", "link: b", "LINK: c"])
    #expect(headers.refusedName == nil)
  }

  @Test func errorsTellWhatHappenedAndToWhom() {
    let origin = HTTPOrigin(.https, host: "node.test", port: 6001)
    let told: [(HTTPClientError, String)] = [
      (.cannotConnect(origin, .unknownName), "cannot connect to node.test:6001: the name has no address"),
      (.late(origin, .firstByte), "node.test:6001 did not answer in time"),
      (.stalled(origin), "the transfer with node.test:6001 was too slow"),
      (.tooLarge(origin, .head, limitBytes: 5), "the head of node.test:6001's answer is larger than 5 bytes"),
    ]
    for (error, text) in told { #expect(error.description == text) }
  }
}
