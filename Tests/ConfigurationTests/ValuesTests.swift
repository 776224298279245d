import Testing

@testable import Configuration

@Suite struct ValuesTests {
  @Test(arguments: [
    ("127.0.0.1:5000", "127.0.0.1:5000"), ("[::1]:80", "[::1]:80"), ("[2001:DB8:0:0::1]:443", "[2001:db8::1]:443"),
    ("localhost:1", "127.0.0.1:1"), ("*:65535", "*:65535"), ("0.0.0.0:0", "0.0.0.0:0"),
  ]) func addressIsReadAndShownInItsShortestSpelling(_ text: String, _ shown: String) throws {
    let address = try ListenAddress(parsing: text)
    #expect(address.description == shown)
    #expect(try ListenAddress(parsing: shown) == address)
  }

  @Test(arguments: [
    ("127.0.0.1", "has no port"), ("[::1]", "has no port"), ("", "has no port"), (":5000", "no host stands before"),
    ("::1:5000", "an IPv6 address needs brackets"), ("127.0.0.1:", "'' is no port"), ("127.0.0.1:65536", "is no port"),
    ("127.0.0.1:+1", "is no port"), ("127.0.0.1:http", "is no port"), ("registry.corp:5000", "is no address"),
    ("127.1:5000", "is no address"), ("0127.0.0.1:1", "is no address"), ("[127.0.0.1]:1", "is no address"),
    ("[fe80::1%eth0]:1", "is no address"), ("[]:1", "is no address"), ("LOCALHOST:1", "is no address"),
  ]) func addressThatIsNoneIsRefusedWithTheReason(_ text: String, _ reason: String) {
    #expect {
      try ListenAddress(parsing: text)
    } throws: { ($0 as? ValueProblem)?.reason.contains(reason) == true }
  }

  @Test func everyAddressOfTheMachineIsBothFamilies() throws {
    #expect(try ListenAddress(parsing: "*:1").addresses == ["0.0.0.0", "::"])
    #expect(try ListenAddress(parsing: "[::1]:1").addresses == ["::1"])
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("1024", 1024), ("1KiB", 1024), ("4 MiB", 4 << 20), ("3GiB", 3 << 30), ("16TiB", 16 << 40),
  ]) func sizesAreReadWithTheirUnits(_ text: String, _ bytes: UInt64) throws {
    #expect(try Quantity.bytes.parse(text) == bytes)
    #expect(try Quantity.bytes.parse(Quantity.bytes.text(bytes)) == bytes)
  }

  @Test(arguments: [("0", 0), ("0s", 0), ("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("24h", 86_400_000)])
  func durationsAreReadWithTheirUnits(_ text: String, _ milliseconds: UInt64) throws {
    #expect(try Quantity.time.parse(text) == milliseconds)
    #expect(try Quantity.time.parse(Quantity.time.text(milliseconds)) == milliseconds)
  }

  @Test(arguments: ["", "MiB", "1.5GiB", "-1", "1mib", "1MB", "1 K", "0x10", "١MiB", "1KiBKiB"])
  func sizesThatAreNoneAreRefused(_ text: String) {
    #expect(throws: ValueProblem.self) { try Quantity.bytes.parse(text) }
  }

  @Test(
    arguments: [
      ("listn", "listen"), ("lsiten", "listen"), ("Listen", "listen"), ("lisen", "listen"), ("tag", "tags"),
      ("imagee", "image"), ("x", nil), ("completely else", nil), ("", nil),
    ] as [(String, String?)]) func nearestNameIsTheOneThatWasMeant(_ text: String, _ name: String?)
  {
    #expect(NearestName.of(text, among: ["image", "listen", "tags"]) == name)
  }

  @Test func longTextsAreNotCompared() {
    #expect(NearestName.of(String(repeating: "listen", count: 1000), among: ["listen"]) == nil)
  }

  @Test(arguments: [("", "abc", 3), ("abc", "abc", 0), ("abcd", "acbd", 1), ("kitten", "sitting", 3)])
  func distanceCountsSlips(_ left: String, _ right: String, _ distance: Int) {
    #expect(NearestName.distance(Array(left.utf8), Array(right.utf8)) == distance)
    #expect(NearestName.distance(Array(right.utf8), Array(left.utf8)) == distance)
  }
}
