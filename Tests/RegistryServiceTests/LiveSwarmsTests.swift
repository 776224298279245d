import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// The rules of rest and room, without an engine.
struct LiveSwarmsTests {
  private let begun = ContinuousClock.now

  private func digest(_ number: UInt8) -> Digest { .hashing([number]) }

  private func infoHash(_ number: UInt8, _ version: TorrentVersion) -> InfoHash {
    InfoHash(version: version, bytes: [UInt8](repeating: number, count: version == .v1 ? 20 : 32))
  }

  /// So many blobs with both torrents among strangers and one among the fleet, the first wanted longest ago.
  private func table(_ count: UInt8) -> LiveSwarms {
    var live = LiveSwarms()
    for number in 1...count {
      let now = begun + .seconds(Int(number))
      live.enter(infoHash(number, .v2), of: digest(number), in: .fleet, at: now)
      for version in TorrentVersion.allCases {
        live.enter(infoHash(number, version), of: digest(number), in: .public, at: now)
      }
    }
    return live
  }

  @Test func itCountsWhatIsLiveWhere() {
    var live = table(3)
    #expect(live.publicCount == 6 && live.fleetCount == 3)
    live.enter(infoHash(1, .v1), of: digest(1), in: .public, at: begun)
    live.leave(infoHash(9, .v1), of: digest(1), in: .public)
    live.leave(infoHash(1, .v1), of: digest(1), in: .fleet)
    #expect(live.publicCount == 6 && live.fleetCount == 3)
    live.leave(infoHash(1, .v2), of: digest(1), in: .public)
    #expect(live.digest(of: infoHash(1, .v2)) == digest(1), "it is live among the fleet")
    live.leave(infoHash(1, .v2), of: digest(1), in: .fleet)
    #expect(live.digest(of: infoHash(1, .v2)) == nil && live.blobs(in: .fleet) == [digest(2), digest(3)])
    live.leave(infoHash(1, .v1), of: digest(1), in: .public)
    #expect(live.blobs[digest(1)] == nil && live.publicCount == 4 && live.fleetCount == 2)
  }

  @Test func thoseThatNobodyWantedLongestMakeRoom() {
    var live = table(4)
    #expect(live.makingRoom(for: 2, limit: 10, keeping: digest(9)) == [])
    #expect(live.makingRoom(for: 1, limit: 8, keeping: digest(9)) == [digest(1)])
    #expect(live.makingRoom(for: 3, limit: 8, keeping: digest(9)) == [digest(1), digest(2)])
    #expect(live.makingRoom(for: 1, limit: 8, keeping: digest(1)) == [digest(2)])
    live.see(digest(1), at: begun + .seconds(10))
    live.want(digest(2), isStarted: true, at: begun)
    #expect(live.makingRoom(for: 2, limit: 8, keeping: digest(9)) == [digest(3)])
    #expect(live.makingRoom(for: 7, limit: 8, keeping: digest(9)) == nil, "the started one keeps its two places")
  }

  @Test func whatIsStartedNeverIdles() {
    var live = table(3)
    live.want(digest(2), isStarted: true, at: begun)
    #expect(live.idle(since: .seconds(10), at: begun + .seconds(11)) == [digest(1)])
    let all = live.idle(since: .seconds(10), at: begun + .seconds(100))
    #expect(Set(all) == [digest(1), digest(3)])
    #expect(!live.isIdle(digest(2), since: .seconds(10), at: begun + .seconds(100)))
    #expect(!live.isIdle(digest(9), since: .seconds(10), at: begun + .seconds(100)))
  }
}
