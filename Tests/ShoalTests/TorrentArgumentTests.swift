import RegistryCore
import Testing

@testable import shoal

@Suite struct TorrentArgumentTests {
  private let hex = String(repeating: "0123456789abcdef", count: 4)

  private func invocation(_ words: String...) throws -> Invocation {
    guard case .run(let invocation) = try ArgumentParser.parse(words) else { throw UsageError("help", advice: "") }
    return invocation
  }

  @Test func imageMayHaveItsRegistryBeforeIt() throws {
    let image = try ImageArgument(parsing: "localhost:5000/team/app:1")
    #expect(image.host == "localhost:5000")
    #expect(image.repository.text == "team/app")
    #expect(image.reference.description == "1")
    #expect(try ImageArgument(parsing: "localhost/app:1").host == "localhost")
    #expect(try ImageArgument(parsing: "[::1]:5000/app@sha256:\(hex)").host == "[::1]:5000")
    #expect(try ImageArgument(parsing: "team/app:1").host == nil)
    // A name may have dots: without a port nobody can tell it from a host.
    #expect(try ImageArgument(parsing: "my.org/app:1").repository.text == "my.org/app")
  }

  @Test func torrentCommandsTakeADigestOrAnImage() throws {
    #expect(
      try BlobOrImageArgument(parsing: "sha256:\(hex)") == .blob(try Digest(parsing: "sha256:\(hex)")))
    #expect(try BlobOrImageArgument(parsing: "a/b:1") == .image(try ImageArgument(parsing: "a/b:1")))
    #expect(throws: UsageError.self) { try BlobOrImageArgument(parsing: "sha256:12") }
    #expect(throws: UsageError.self) { try BlobOrImageArgument(parsing: "a/b") }
  }

  @Test func fetchSaysWhatAndWhereTo() throws {
    let order = try FetchCommand.Order(
      try invocation(
        "blob", "fetch", "l.torrent", "--digest", "sha256:\(hex)", "--into", "a/b", "--peer", "h:1", "--peer=h:2"))
    guard case .file("l.torrent") = order.source else {
      Issue.record("\(order.source)")
      return
    }
    #expect(order.repository.text == "a/b")
    #expect(order.peers == ["h:1", "h:2"])
    let byLink = try FetchCommand.Order(
      try invocation("blob", "fetch", "MAGNET:?xt=urn:btih:a", "--digest", "sha256:\(hex)", "--into", "a/b"))
    #expect(byLink.parameters.contains { $0.0 == "magnet" && $0.1 == "MAGNET:?xt=urn:btih:a" })
  }

  @Test(arguments: [
    (["--into", "a"], "the digest is missing"), (["--digest", "sha256:1"], "is no digest"),
    (
      ["--digest", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
      "the repository is missing"
    ),
  ]) func fetchWithoutThatIsRefusedWithWhatToWrite(_ words: [String], _ reason: String) throws {
    guard case .run(let invocation) = try ArgumentParser.parse(["blob", "fetch", "f"] + words) else { return }
    #expect {
      try FetchCommand.Order(invocation)
    } throws: { "\($0)".contains(reason) && ($0 as? UsageError)?.advice.isEmpty == false }
  }

  @Test func peersAreAddressesOrNamesThatHaveOne() throws {
    #expect(try PeerLookup.endpoints(of: "192.0.2.1:6881").map(\.description) == ["192.0.2.1:6881"])
    #expect(try PeerLookup.endpoints(of: "[2001:db8::1]:1").map(\.description) == ["[2001:db8::1]:1"])
    #expect(try PeerLookup.endpoints(of: "localhost:6881").contains { $0.port == 6881 })
    for text in ["", "a", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:x", "no.such.host.invalid:1"] {
      #expect(throws: UsageError.self, "\(text)") { try PeerLookup.endpoints(of: text) }
    }
  }
}
