import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

struct FalseTorrentsTests {
  private let now = ContinuousClock.now
  private static let digest = Digest.hashing([1])
  private static let peer = PeerEndpoint(address: "192.0.2.1", port: 1)

  private func infoHash(_ number: UInt8) -> InfoHash {
    InfoHash(version: .v1, bytes: [UInt8](repeating: number, count: 20))
  }

  @Test func aLieIsRememberedForItsDigestAloneAndForAWhile() {
    var seen = FalseTorrents(limit: 10, memory: .seconds(60))
    seen.remember(infoHash(1), as: Self.digest, from: [Self.peer], at: now)
    #expect(seen.isFalse(infoHash(1), as: Self.digest, at: now + .seconds(59)))
    #expect(!seen.isFalse(infoHash(1), as: Self.digest, at: now + .seconds(60)))
    #expect(!seen.isFalse(infoHash(2), as: Self.digest, at: now))
    #expect(!seen.isFalse(infoHash(1), as: .hashing([2]), at: now))
    #expect(seen.vouchers(for: Self.digest, at: now) == [Self.peer])
    #expect(seen.vouchers(for: Self.digest, at: now + .seconds(60)) == [])
  }

  @Test func theOldestIsForgottenFirst() {
    var seen = FalseTorrents(limit: 3, memory: .seconds(60))
    for number: UInt8 in 1...5 {
      seen.remember(infoHash(number), as: Self.digest, from: [], at: now + .seconds(Int(number)))
    }
    #expect(seen.count == 3)
    #expect(
      (1...5).map { seen.isFalse(infoHash($0), as: Self.digest, at: now + .seconds(6)) }
        == [false, false, true, true, true])
  }
}
