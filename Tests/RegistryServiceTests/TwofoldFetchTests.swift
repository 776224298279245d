import RegistryCore
import Testing

@testable import RegistryService

/// A fetch with a swarm and a channel, in virtual time.
struct TwofoldFetchTests {
  private typealias Fetch = RemoteBlobFetch
  private let begun = ContinuousClock.now
  private static let fault = RegistryError(.unavailable, "nobody")

  /// 160 pieces of 64 KiB, ten megabytes in all; a part of four is 64 pieces.
  private func fetch(pieces: Int = 160, site: SitePlan? = nil, _ change: (inout FetchLimits) -> Void = { _ in })
    -> RemoteBlobFetch
  {
    var limits = FetchLimits()
    limits.hashStepBytes = .max
    change(&limits)
    return RemoteBlobFetch(
      size: Int64(pieces) * 65_536, pieceBytes: 65_536, from: [.swarm, .channel], limits: limits, site: site,
      at: begun)
  }

  /// Both are at work.
  private func started(
    site: SitePlan? = nil, _ change: (inout FetchLimits) -> Void = { _ in }
  ) -> RemoteBlobFetch {
    var fetch = fetch(site: site, change)
    _ = fetch.begin()
    for source in [Fetch.Source.swarm, .channel] { #expect(fetch.take(.begun(source), at: begun) == []) }
    return fetch
  }

  private func after(_ milliseconds: Int) -> Fetch.Instant { begun + .milliseconds(milliseconds) }

  @Test func aLargeBlobComesThroughTheSwarmAndTheChannelWaits() {
    let fetch = fetch()
    #expect(fetch.begin() == [.begin(.swarm), .begin(.channel), .seek, .wake(after: .milliseconds(150))])
    var moving = started()
    for piece in 0..<20 {
      #expect(moving.take(.verified(piece: piece), at: after(piece * 100)) == [])
      #expect(moving.take(.tick, at: after(piece * 100)).allSatisfy { $0 == .seek })
    }
    #expect(moving.supply.stalls == 0)
  }

  @Test func theFirstPieceIsAskedOfTheChannelWhenTheSwarmIsLate() {
    var late = started()
    #expect(late.take(.tick, at: after(149)) == [])
    #expect(late.take(.tick, at: after(150)) == [.fill(0..<1)])
    #expect(late.take(.tick, at: after(300)) == [])
    #expect(late.take(.verified(piece: 0), at: after(310)) == [])

    var waited = started()
    #expect(waited.take(.reads(1, from: 70 * 65_536, count: 9), at: begun) == [.hurry(70..<71)])
    #expect(waited.take(.tick, at: after(200)) == [.fill(70..<71)])

    var early = started()
    _ = early.take(.verified(piece: 5), at: after(100))
    #expect(early.take(.tick, at: after(150)) == [])
  }

  @Test func aStallIsFilledFromWhatReadersWaitForTwoPartsAtATime() {
    var fetch = started()
    _ = fetch.take(.verified(piece: 0), at: after(100))
    _ = fetch.take(.reads(1, from: 100 * 65_536, count: 9), at: after(100))
    // Looked for at a second, and because of the stall: asked once.
    let steps = fetch.take(.tick, at: after(1_100))
    #expect(steps == [.shed, .seek, .fill(100..<160), .fill(1..<65)])
    #expect(fetch.take(.tick, at: after(2_100)) == [.shed, .want(100..<101)])
    // A part that is here makes room for the next, at once.
    for piece in 100..<159 { _ = fetch.take(.verified(piece: piece), at: after(2_200)) }
    #expect(fetch.take(.verified(piece: 159), at: after(2_200)) == [.fill(65..<100)])
    #expect(fetch.supply.stalls == 1)
  }

  @Test func blocksOfTheSwarmLetTheChannelRest() {
    var fetch = started()
    _ = fetch.take(.tick, at: after(1_000))
    // What the channel brings to the swarm is not the swarm's.
    #expect(fetch.take(.verified(piece: 3), at: after(1_100)) == [])
    #expect(fetch.take(.received(.channel, bytes: 65_536), at: after(1_100)) == [])
    #expect(fetch.take(.received(.swarm, bytes: 16_384), at: after(1_200)) == [.rest])
    #expect(fetch.take(.received(.swarm, bytes: 16_384), at: after(1_300)) == [])
    #expect(fetch.supply.receivedBytes == [.channel: 65_536, .swarm: 32_768])
    // And it is asked again, for all that is missing, at the next stall.
    #expect(fetch.take(.tick, at: after(2_300)).contains(.fill(0..<3)))
  }

  @Test func whatTheChannelOwesAndDoesNotBringIsAskedAgain() {
    var fetch = started()
    _ = fetch.take(.verified(piece: 159), at: begun)
    #expect(fetch.take(.tick, at: after(1_000)).filter(Self.isFill) == [.fill(0..<64), .fill(64..<128)])
    #expect(fetch.take(.tick, at: after(5_900)).filter(Self.isFill) == [])
    #expect(fetch.take(.received(.channel, bytes: 1), at: after(5_950)) == [])
    #expect(fetch.take(.tick, at: after(10_900)).filter(Self.isFill) == [])
    #expect(fetch.take(.tick, at: after(11_900)).filter(Self.isFill) == [.fill(0..<64), .fill(64..<128)])
  }

  @Test func membersAreLookedForAnewLessAndLessOften() {
    var fetch = started()
    var sought: [Int] = []
    for tick in 1...160 {
      _ = fetch.take(.received(.swarm, bytes: 1), at: after(tick * 100))
      if fetch.take(.tick, at: after(tick * 100)).contains(.seek) { sought.append(tick) }
    }
    #expect(sought == [10, 30, 80, 130])
  }

  @Test func aSmallBlobComesOverTheChannelAndTheSwarmIsBegunWhenThatStalls() {
    var small = fetch(pieces: 16)
    #expect(small.begin() == [.begin(.channel)])
    #expect(small.take(.begun(.channel), at: begun) == [.fill(0..<16)])
    _ = small.take(.received(.channel, bytes: 9), at: after(500))
    #expect(small.take(.tick, at: after(1_400)) == [])
    #expect(small.take(.tick, at: after(1_500)) == [.begin(.swarm), .seek])
    #expect(small.take(.tick, at: after(1_600)) == [])
    #expect(small.take(.begun(.swarm), at: after(1_600)) == [])
    for piece in 0..<15 { _ = small.take(.verified(piece: piece), at: after(1_700)) }
    #expect(small.take(.verified(piece: 15), at: after(1_700)) == [.seal])
  }

  @Test func aSmallBlobThatNoHolderSendsIsSoughtInTheSwarmAtOnce() {
    var small = fetch(pieces: 16)
    _ = small.begin()
    _ = small.take(.begun(.channel), at: begun)
    #expect(small.take(.sourceFailed(.channel, Self.fault), at: after(20)) == [.begin(.swarm), .seek])
    _ = small.take(.begun(.swarm), at: after(30))
    // A holder came back: the next stall asks it.
    _ = small.take(.found(holders: 1), at: after(40))
    #expect(small.take(.tick, at: after(1_000)).contains(.fill(0..<16)))
  }

  @Test func withoutItsSwarmTheChannelBringsAllThatIsMissing() {
    var fetch = started()
    for piece in [0, 1, 50] { _ = fetch.take(.verified(piece: piece), at: after(10)) }
    #expect(
      fetch.take(.sourceFailed(.swarm, Self.fault), at: after(20)) == [.quit(.swarm), .fill(2..<50), .fill(51..<160)])
    #expect(fetch.take(.sourceFailed(.channel, Self.fault), at: after(30)) == [.end(.kept)])
  }

  @Test func aChannelThatHasNobodyIsAskedAgainWhileTheSwarmGoesOn() {
    var fetch = started()
    _ = fetch.take(.sees(peers: 1), at: begun)
    _ = fetch.take(.tick, at: after(1_000))
    #expect(fetch.take(.sourceFailed(.channel, Self.fault), at: after(1_100)) == [])
    #expect(fetch.take(.sourceFailed(.channel, Self.fault), at: after(1_200)) == [])
    #expect(fetch.take(.tick, at: after(2_000)).filter(Self.isFill).count == 2)
    #expect(fetch.phase == .arriving)
  }

  @Test func whereNobodyIsLeftReadersAreToldInFiveSeconds() {
    var fetch = started()
    _ = fetch.take(.reads(1, from: 0, count: 9), at: begun)
    _ = fetch.take(.tick, at: after(1_000))
    _ = fetch.take(.sourceFailed(.channel, Self.fault), at: after(1_100))
    #expect(!fetch.take(.tick, at: after(4_999)).contains(.end(.kept)))
    _ = fetch.take(.sourceFailed(.channel, Self.fault), at: after(4_999))
    #expect(fetch.take(.tick, at: after(5_000)) == [.refuse(1, .unavailable), .end(.kept)])
  }

  @Test func whatHasBegunToComeIsWaitedForLongerThanWhatNobodyHas() {
    var fetch = started()
    _ = fetch.take(.verified(piece: 0), at: after(100))
    _ = fetch.take(.reads(1, from: 65_536, count: 1), at: after(200))
    _ = fetch.take(.tick, at: after(1_200))
    _ = fetch.take(.sourceFailed(.channel, Self.fault), at: after(1_300))
    #expect(!fetch.take(.tick, at: after(5_200)).contains(.end(.kept)))
    _ = fetch.take(.sourceFailed(.channel, Self.fault), at: after(19_900))
    #expect(!fetch.take(.tick, at: after(20_000)).contains(.end(.kept)))
    #expect(fetch.take(.tick, at: after(20_100)) == [.refuse(1, .unavailable), .end(.kept)])
  }

  @Test func aReaderThatWaitsLongHasTheSwarmToldAndNotTheChannelAsked() {
    var fetch = started()
    _ = fetch.take(.reads(1, from: 9 * 65_536, count: 9), at: after(100))
    for tick in 2...20 {
      _ = fetch.take(.received(.swarm, bytes: 1), at: after(tick * 100))
      let steps = fetch.take(.tick, at: after(tick * 100))
      #expect(!steps.contains(.want(9..<10)) && (tick == 2 || !steps.contains(where: Self.isFill)))
    }
    _ = fetch.take(.received(.swarm, bytes: 1), at: after(4_000))
    #expect(fetch.take(.tick, at: after(4_000)).contains(.want(9..<10)))
    #expect(!fetch.take(.tick, at: after(4_500)).contains(.want(9..<10)))
    #expect(fetch.take(.verified(piece: 9), at: after(4_600)).isEmpty)
    #expect(!fetch.take(.tick, at: after(7_000)).contains(.want(9..<10)))
  }

  @Test func whileAnotherMemberBringsItToTheSiteNothingIsAskedOfTheChannel() {
    let fetcher = JoinedNodes.id(1)
    var fetch = started(site: SitePlan(fetchers: [fetcher], isAgreed: true))
    _ = fetch.take(.reads(1, from: 0, count: 9), at: begun)
    #expect(fetch.take(.tick, at: after(200)) == [])
    #expect(fetch.take(.tick, at: after(1_000)) == [.ask(fetcher), .seek])
    #expect(fetch.take(.said(fetcher, bytes: 1_000_000), at: after(1_100)) == [])
    // Longer than a fetch that has nobody waits; it has looked at its site alone.
    _ = fetch.take(.tick, at: after(3_000))
    #expect(fetch.take(.said(fetcher, bytes: 2_000_000), at: after(3_900)) == [])
    #expect(fetch.take(.tick, at: after(6_000)) == [.ask(fetcher), .want(0..<1)])
    #expect(fetch.supply.stalls == 0 && fetch.supply.waitsForFetcher)
    // It dies, and with it what it brought: from now on as any other fetch, anew.
    #expect(fetch.take(.said(fetcher, bytes: nil), at: after(6_100)) == [.cross, .seek])
    #expect(fetch.take(.tick, at: after(6_200)) == [.fill(0..<1), .shed, .seek, .fill(1..<65)])
    #expect(!fetch.take(.tick, at: after(11_000)).contains(.end(.kept)))
    #expect(!fetch.supply.isNearOnly)
  }

  @Test func aPieceThatComesTooSlowlyFromNearbyIsTakenFromWhereverItIs() {
    var fetch = started(site: SitePlan(fetchers: [], isAgreed: true))
    for second in 1..<30 {
      _ = fetch.take(.received(.swarm, bytes: 10_000), at: after(second * 1_000))
      #expect(!fetch.take(.tick, at: after(second * 1_000 + 500)).contains(.cross))
    }
    let steps = fetch.take(.tick, at: after(30_000))
    #expect(steps.starts(with: [.cross, .seek]) && !steps.contains(.end(.kept)))
    #expect(!fetch.take(.tick, at: after(31_000)).contains(.end(.kept)), "it begins anew to wait")
  }

  @Test func aHolderNearIsAskedAsAnyAndTheLineIsCrossedWhenItBringsNothing() {
    var fetch = started(site: SitePlan(fetchers: [], isAgreed: true))
    #expect(fetch.take(.tick, at: after(150)) == [.fill(0..<1)])
    #expect(fetch.take(.tick, at: after(1_000)) == [.shed, .seek, .fill(1..<65)])
    #expect(fetch.take(.tick, at: after(3_000)).starts(with: [.cross, .seek]))

    var broken = started(site: SitePlan(fetchers: [], isAgreed: true))
    _ = broken.take(.tick, at: after(1_000))
    #expect(broken.take(.sourceFailed(.channel, Self.fault), at: after(1_100)) == [.cross, .seek])
  }

  @Test func withoutItsSwarmAFetchDoesNotWaitForItsSite() {
    var fetch = started(site: SitePlan(fetchers: [JoinedNodes.id(1)], isAgreed: true))
    #expect(
      fetch.take(.sourceFailed(.swarm, Self.fault), at: after(20)) == [.cross, .seek, .quit(.swarm), .fill(0..<160)])
  }

  @Test func aFullDiskEndsItWhicheverSourceMetIt() {
    for source in Fetch.Source.allCases {
      var fetch = started()
      #expect(fetch.take(.sourceFailed(source, RegistryError(.storageFull, "full")), at: begun) == [.end(.dropped)])
    }
  }

  private static func isFill(_ step: Fetch.Step) -> Bool {
    if case .fill = step { true } else { false }
  }
}
