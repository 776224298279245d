import BlockingBodies
import Testing

/// A member that starts while it can reach nobody.
@Suite(.serialized, .blocking)
struct LoneMemberTests {
  /// The other is there and says nothing, which is worse than one that is gone.
  @Test func itServesWhatItHoldsAtOnceAndWritesWhenItHasAskedInVain() throws {
    let fleet = try SmallFleet("a", "b")
    var random = SeededRandom(seed: 71)
    let image = TestImage(layers: [Blob(random.bytes(2 << 20))])
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    for blob in image.blobs { #expect(try fleet["b"].answers(200, to: "/v2/team/app/blobs/\(blob.digest)")) }
    try fleet["b"].kill()
    fleet["a"].pause()
    let node = try fleet.start("b")
    let begun = ContinuousClock.now
    let targets =
      ["manifests/1", "manifests/\(image.manifest.digest)", "tags/list", "referrers/\(image.manifest.digest)"]
      + image.blobs.map { "blobs/\($0.digest)" }
    let fields = [("Content-Type", MediaTypes.manifest)]
    var written: HTTPAnswer?
    var (quick, slow) = (0, 0)
    repeat {
      for target in targets.map({ "/v2/team/app/\($0)" }) + ["/v2/_catalog"] {
        let asked = ContinuousClock.now
        let answer = try node.ask("GET", target)
        #expect(answer.status == 200, "\(target): \(answer.status)")
        if asked.duration(to: .now) < .milliseconds(800) { quick += 1 } else { slow += 1 }
      }
      let answer = try node.ask("PUT", "/v2/team/app/manifests/2", fields, body: image.manifest.bytes)
      #expect(answer.status == 201 || (answer.status == 503 && answer["Retry-After"] != nil), "\(answer)")
      if answer.status == 201 { written = answer }
    } while written == nil && begun.duration(to: .now) < .seconds(60)
    #expect(written != nil)
    // Names wait 50 ms for the members; a busy machine takes its time besides, now and then.
    #expect(quick > slow, "\(slow) of \(quick + slow) answers came late")
    fleet["a"].wake()
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/2"))
  }
}
