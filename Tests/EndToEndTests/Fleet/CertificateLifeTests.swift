import BlockingBodies
import Glibc
import Testing

/// Certificates that hold half a minute live through in a test what others do in 90 days.
@Suite(.serialized, .blocking)
struct CertificateLifeTests {
  private static let short = ["fleet.certificate_life": "30s"]

  private static func shortLived() throws -> SmallFleet {
    let fleet = try SmallFleet()
    try fleet.start("a", short)
    try fleet.found("a")
    try fleet.start("b")
    try fleet.join("b", by: try fleet.invite("a"))
    return fleet
  }

  /// The certificate that a node shows at its fleet port.
  private static func shown(by node: ShoalNode) throws -> String {
    let process = try ChildProcess([
      "sh", "-c",
      "openssl s_client -connect 127.0.0.1:\(try node.fleetPort()) </dev/null 2>/dev/null | openssl x509 -noout -enddate",
    ])
    try process.wait()
    return process.output.complete()
  }

  @Test func aCertificateIsRenewedByItselfAndTheFleetGoesOn() throws {
    let fleet = try Self.shortLived()
    let (before, showed) = (try fleet.listing("b").certificate.endsAtSeconds, try Self.shown(by: fleet["b"]))
    // Renewed twice: the channel and the listener go on with what they were given.
    for seconds in [20, 40] as [Int64] {
      #expect(
        try eventually(within: .seconds(60)) {
          try fleet.listing("b").certificate.endsAtSeconds >= before + seconds - 2
        })
    }
    #expect(try eventually { try Self.shown(by: fleet["b"]) != showed })
    let image = TestImage("after the first certificate's end")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    for name in ["a", "b"] {
      #expect(try eventually { try fleet.listing(name).members.allSatisfy { $0.state == "alive" } })
    }
  }

  @Test func whoWasOffForTooLongIsLetInAgainAsWhoItWas() throws {
    let fleet = try Self.shortLived()
    let (node, end) = (try fleet.listing("b").node, try fleet.listing("b").certificate.endsAtSeconds)
    let image = TestImage("pushed while it could")
    try fleet["b"].connect().push(image, to: "team/app", as: "1")
    try fleet["b"].kill()
    #expect(eventually(within: .seconds(60)) { Int64(time(nil)) > end + 1 })
    try fleet.start("b")
    #expect(try eventually { try fleet.listing("b").certificate.trouble?.contains("shoal fleet join") == true })
    #expect(try fleet.listing("b").certificate.isOver)
    let told = try fleet.command("ls", at: "b")
    #expect(told.errors.contains("no member speaks with this node"), "\(told.errors)")
    try fleet.join("b", by: try fleet.invite("a"))
    #expect(try fleet.listing("b").node == node)
    #expect(try fleet.listing("a").members.count == 2)
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/1"))
    #expect(try eventually { try fleet.listing("a").members.allSatisfy { $0.state == "alive" } })
  }

  @Test func withoutAnIssuerTheTroubleIsShown() throws {
    let fleet = try Self.shortLived()
    try fleet["a"].kill()
    #expect(
      try eventually(within: .seconds(60)) {
        try fleet.listing("b").certificate.trouble?.contains("no issuer renewed it (a)") == true
      })
    // Or its time has run out meanwhile.
    let told = try fleet.command("ls", at: "b")
    let words = ["not renewed yet, 0 days left", "no member speaks with this node"]
    let isTold = words.contains { told.errors.contains($0) }
    #expect(isTold && told.errors.contains("no issuer renewed it (a)"), "\(told.errors)")
  }
}
