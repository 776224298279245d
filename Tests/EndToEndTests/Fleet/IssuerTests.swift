import BlockingBodies
import Glibc
import Testing

/// Who holds the fleet's key, and what becomes of the fleet when he is gone.
@Suite(.serialized, .blocking)
struct IssuerTests {
  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  private static func key(of fleet: SmallFleet, _ name: String) -> String { fleet.folder(name) + "/fleet/ca.key" }

  @Test func thePromotedLetsOthersInWhenTheFounderIsDead() throws {
    let fleet = try SmallFleet("a", "b")
    let told = try fleet.command("promote", "b", at: "a")
    #expect(told.code == 0 && told.output.contains("issuers: a, b"), "\(told.output)\(told.errors)")
    #expect(Self.mode(Self.key(of: fleet, "b")) == 0o600)
    for name in ["a", "b"] { #expect(try eventually { try fleet.listing(name).issuers == ["a", "b"] }) }
    try fleet["a"].kill()
    try fleet.start("c")
    try fleet.join("c", by: try fleet.invite("b"))
    #expect(try fleet.listing("c").members.count == 3)
  }

  @Test func theKeyIsThereAfterARestart() throws {
    let fleet = try SmallFleet("a", "b")
    try SmallFleet.run(["fleet", "promote", "b", "--data", fleet["a"].data])
    try fleet["a"].kill()
    try fleet["b"].kill()
    try fleet.start("b")
    try fleet.start("c")
    try fleet.join("c", by: try fleet.invite("b"))
  }

  @Test func onlyAnIssuerPromotesAndOnlyAMemberThatAnswers() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let stranger = try fleet.command("promote", "c", at: "b")
    #expect(stranger.code == 1 && stranger.errors.contains("promote on a"), "\(stranger.errors)")
    let unknown = try fleet.command("promote", "nobody", at: "a")
    #expect(unknown.code == 1 && unknown.errors.contains("no member is called"), "\(unknown.errors)")
    try fleet["c"].kill()
    let silent = try fleet.command("promote", "c", at: "a")
    #expect(silent.code == 1 && silent.errors.contains("nothing was handed on"), "\(silent.errors)")
    #expect(try fleet.listing("a").issuers == ["a"])
    #expect(Self.mode(Self.key(of: fleet, "c")) == nil)
  }

  @Test func theDemotedLaysTheKeyDownAndTheLastIssuerStays() throws {
    let fleet = try SmallFleet("a", "b")
    let last = try fleet.command("demote", "a", at: "a")
    #expect(last.code == 1 && last.errors.contains("only issuer"), "\(last.errors)")
    try SmallFleet.run(["fleet", "promote", "b", "--data", fleet["a"].data])
    let demoted = try fleet.command("demote", "a", at: "b")
    #expect(demoted.code == 0 && demoted.errors.contains("cannot be taken back"), "\(demoted.errors)")
    #expect(eventually { Self.mode(Self.key(of: fleet, "a")) == nil })
    let refused = try fleet.command("invite", at: "a")
    #expect(refused.code == 1 && refused.errors.contains("invite on b"), "\(refused.errors)")
  }

  @Test func whoIsInAFleetIsToldSoAndNotOfItsRecoveryFile() throws {
    let fleet = try SmallFleet("a")
    for more in [[], ["--recovery-file", fleet.folder("another")]] {
      let again = try ShoalCommand(["fleet", "init", "--data", fleet["a"].data] + more)
      #expect(again.code == 1 && again.errors.contains("in a fleet already"), "\(again.errors)")
    }
    #expect(access(fleet.folder("another"), F_OK) != 0)
  }

  @Test func theRecoveryFileBringsBackAFleetWhoseIssuerIsLost() throws {
    let fleet = try SmallFleet()
    try fleet.start("a")
    let file = fleet.folder("carried-away")
    let made = try fleet.command("init", "--recovery-file", file, at: "a")
    #expect(made.code == 0 && made.errors.contains("promote"), "\(made.errors)")
    #expect(Self.mode(file) == 0o600)
    for name in ["b", "c"] { try fleet.start(name) }
    try fleet.join("b", by: try fleet.invite("a"))
    try fleet["a"].kill()
    try SmallFleet.run(["fleet", "recover", "--file", file, "--data", fleet["b"].data])
    #expect(Self.mode(Self.key(of: fleet, "b")) == 0o600)
    try fleet.join("c", by: try fleet.invite("b"))
    #expect(try fleet.listing("c").issuers == ["a", "b"])
  }

  /// A root of the operator's signs an authority for the fleet; its other children stay strangers.
  @Test func aFleetStandsOnAnAuthorityOfTheOperators() throws {
    let fleet = try SmallFleet()
    let script = """
      cd '\(fleet.folder(""))' && openssl genpkey -algorithm ed25519 -out root.key
      openssl req -x509 -key root.key -days 30 -subj /CN=corp -out root.crt
      for name in fleet rogue; do
        openssl genpkey -algorithm ed25519 -out $name.key
        openssl req -new -key $name.key -subj /CN=$name -out $name.csr
      done
      printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\nsubjectKeyIdentifier=hash\\n' > ca.ext
      openssl x509 -req -in fleet.csr -CA root.crt -CAkey root.key -CAcreateserial -days 20 -extfile ca.ext -out fleet.crt
      openssl x509 -req -in rogue.csr -CA root.crt -CAkey root.key -CAcreateserial -days 20 -out rogue.crt
      cat fleet.crt fleet.key > authority.pem && cat root.crt rogue.key > wrong.pem
      """
    let openssl = try ChildProcess(["sh", "-c", script])
    guard try openssl.wait() == .exit(0) else { throw Trouble(openssl.errors.text) }
    for name in ["a", "b"] { try fleet.start(name) }
    let wrong = try fleet.command("init", "--authority", fleet.folder("wrong.pem"), at: "a")
    #expect(wrong.code == 1 && wrong.errors.contains("not the key's"), "\(wrong.errors)")
    let made = try fleet.command("init", "--authority", fleet.folder("authority.pem"), at: "a")
    #expect(made.code == 0, "\(made.errors)")
    try fleet.join("b", by: try fleet.invite("a"))
    let image = TestImage("under another root")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    // No certificate outlives the authority's.
    #expect(try fleet.listing("b").certificate.endsAtSeconds <= Int64(time(nil)) + 20 * 86_400)
    let stranger = try ChildProcess([
      "curl", "-sk", "--cert", fleet.folder("rogue.crt"), "--key", fleet.folder("rogue.key"), "-o", "/dev/null",
      "https://127.0.0.1:\(try fleet["a"].fleetPort())/fleet/v1/message",
    ])
    #expect(try stranger.wait() != .exit(0))
  }

  @Test func aRecoveryFileIsOfOneFleetAndNeverWrittenOverAnother() throws {
    let (fleet, other) = (try SmallFleet("a"), try SmallFleet("x"))
    let file = fleet.folder("a") + "/fleet.recovery"
    #expect(Self.mode(file) == 0o600)
    let foreign = try other.command("recover", "--file", file, at: "x")
    #expect(foreign.code == 1 && foreign.errors.contains("the file is of fleet"), "\(foreign.errors)")
    let broken = try other.command("recover", "--file", fleet.folder("a") + "/fleet/ca.crt", at: "x")
    #expect(broken.code == 1 && broken.errors.contains("no recovery file"), "\(broken.errors)")
    let again = try fleet.command("recovery-file", file, at: "a")
    #expect(again.code == 1 && again.errors.contains("it exists"), "\(again.errors)")
    try SmallFleet.run(["fleet", "recovery-file", file + ".2", "--data", fleet["a"].data])
    #expect(Self.mode(file + ".2") == 0o600)
  }
}
