import BlockingBodies
import Glibc
import Testing

/// Where nodes are found, and what a newcomer hears when it cannot be.
@Suite(.serialized, .blocking)
struct AddressTests {
  /// Below those that the system gives to whoever binds port 0 or dials.
  private static func freePort() throws -> UInt16 {
    for _ in 0..<100 {
      let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(handle) }
      let port = UInt16.random(in: 20_000..<32_000)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let isBound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
          bind(handle, place, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if isBound { return port }
    }
    throw Trouble("no free port")
  }

  /// The issuer dials back before it lets anybody in.
  @Test func aNewcomerThatCannotBeReachedIsRefusedAndItsTokenStaysGood() throws {
    let fleet = try SmallFleet("a")
    try fleet.start("b", ["fleet.advertise": "127.0.0.1:\(try Self.freePort())"])
    let token = try fleet.invite("a")
    let refused = try fleet.command("join", token, at: "b")
    #expect(refused.code == 1 && refused.errors.contains("cannot reach this one"), "\(refused.errors)")
    #expect(try fleet.listing("a").members.count == 1)
    try fleet["b"].kill()
    try fleet.start("b")
    try fleet.join("b", by: token)
  }

  /// Another node answers at the address that it gives for itself.
  @Test func anAddressOfAnotherNodeIsNotBelieved() throws {
    let fleet = try SmallFleet("a")
    try fleet.start("b", ["fleet.advertise": "127.0.0.1:\(try fleet["a"].fleetPort())"])
    let refused = try fleet.command("join", try fleet.invite("a"), at: "b")
    #expect(refused.code == 1 && refused.errors.contains("cannot reach this one"), "\(refused.errors)")
  }

  @Test func nodesAreReachedByIPv6ByNameAndByTheSecondOfTwoAddresses() throws {
    let fleet = try SmallFleet()
    try fleet.start("a", ["fleet.listen": "[::1]:0"])
    try fleet.found("a")
    #expect(try fleet.listing("a").members[0].addresses[0].hasPrefix("[::1]:"))
    let (named, second) = (try Self.freePort(), try Self.freePort())
    try fleet.start("b", ["fleet.listen": "127.0.0.1:\(named)", "fleet.advertise": "localhost:\(named)"])
    try fleet.start(
      "c",
      [
        "fleet.listen": "127.0.0.1:\(second)",
        "fleet.advertise": "127.0.0.1:\(try Self.freePort()),127.0.0.1:\(second)",
      ])
    for name in ["b", "c"] { try fleet.join(name, by: try fleet.invite("a")) }
    let image = TestImage("by three ways")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    for name in ["b", "c"] { #expect(try fleet[name].answers(200, to: "/v2/team/app/manifests/1")) }
    #expect(try fleet.listing("b").members.contains { $0.addresses == ["localhost:\(named)"] })
  }

  @Test func membersLearnTheAddressOfANodeThatHasMoved() throws {
    let fleet = try SmallFleet("a", "b")
    let before = try fleet.listing("a").members.first { $0.name == "b" }?.addresses
    try fleet["b"].kill()
    try fleet.start("b")
    let port = try fleet["b"].fleetPort()
    #expect(
      try eventually {
        try fleet.listing("a").members.contains { $0.name == "b" && $0.addresses == ["127.0.0.1:\(port)"] }
      }, "it was \(before ?? [])")
    let image = TestImage("after the move")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
  }

  @Test(arguments: ["-1h", "+1h"]) func aClockThatIsOffIsToldBeforeAnythingIsChanged(_ offset: String) throws {
    let fleet = try SmallFleet("a")
    // Wall clocks alone: the rest of the node shall run as ever.
    let node = try fleet.start("b", wrapper: ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", offset])
    // The wrapper lives as long as the node, and killing it would leave the node behind.
    defer { if !node.process.hasEnded { kill(node.pid, SIGKILL) } }
    let token = try fleet.invite("a")
    let refused = try fleet.command("join", token, at: "b")
    #expect(refused.code == 1 && refused.errors.contains("this node's clock is"), "\(refused.errors)")
    #expect(refused.errors.contains("nothing has been changed"), "\(refused.errors)")
    #expect(try fleet.listing("a").members.count == 1)
    #expect(try ShoalCommand(["fleet", "ls", "--data", fleet["b"].data]).errors.contains("in no running fleet"))
    kill(node.pid, SIGKILL)
    try node.process.wait()
    try fleet.start("b")
    try fleet.join("b", by: token)
  }
}
