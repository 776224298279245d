import RegistryCore
import Testing

@testable import RegistryService

/// The state machine alone: no file, no peer, no clock.
struct RemoteBlobFetchTests {
  private let begun = ContinuousClock.now
  private static let fault = RegistryError(.internal, "a fault")

  /// Ten pieces of 64 KiB, the last one short.
  private func fetch(_ change: (inout FetchLimits) -> Void = { _ in }) -> RemoteBlobFetch {
    var limits = FetchLimits()
    limits.hashStepBytes = 128 << 10
    change(&limits)
    return RemoteBlobFetch(size: 600_000, pieceBytes: 65_536, limits: limits, at: begun)
  }

  @Test func aReaderGetsWhatIsVerifiedAndNoMore() {
    var fetch = fetch()
    #expect(fetch.take(.reads(1, from: 0, count: 600_000), at: begun) == [.hurry(0..<10)])
    #expect(fetch.take(.verified(piece: 1), at: begun) == [])
    #expect(fetch.take(.verified(piece: 0), at: begun) == [.grant(1, 0..<131_072), .hash(upTo: 131_072)])
    #expect(fetch.take(.reads(2, from: 70_000, count: 600_000), at: begun) == [.grant(2, 70_000..<131_072)])
  }

  @Test func anyPlaceMayBeReadBeforeThePrefixReachesIt() {
    var fetch = fetch()
    _ = fetch.take(.verified(piece: 7), at: begun)
    #expect(fetch.take(.reads(1, from: 460_000, count: 140_000), at: begun) == [.grant(1, 460_000..<524_288)])
    #expect(fetch.take(.reads(2, from: 458_751, count: 10), at: begun) == [.hurry(6..<8)])
  }

  @Test func theLastBlockOfWhatWasAskedForWaitsForTheDigest() {
    var fetch = fetch()
    _ = fetch.take(.verified(piece: 0), at: begun)
    // The bytes are here and verified, and yet a range of one block has to wait, as does the end of a longer one.
    #expect(fetch.take(.reads(1, from: 0, count: 16_384), at: begun) == [])
    #expect(fetch.take(.reads(2, from: 0, count: 40_000), at: begun) == [.grant(2, 0..<23_616)])
    #expect(fetch.take(.reads(2, from: 23_616, count: 16_384), at: begun) == [])
    #expect(fetch.take(.whole, at: begun) == [.seal])
    #expect(
      fetch.take(.sealed, at: begun) == [.grant(1, 0..<16_384), .grant(2, 23_616..<40_000), .end(.complete)])
    #expect(fetch.take(.reads(3, from: 599_999, count: 5), at: begun) == [.grant(3, 599_999..<600_000)])
  }

  @Test func otherBytesThanTheDigestsFailEveryReaderWhoIsHeldBack() {
    var fetch = fetch()
    _ = fetch.take(.whole, at: begun)
    #expect(fetch.take(.reads(1, from: 0, count: 600_000), at: begun) == [.grant(1, 0..<583_616)])
    #expect(fetch.take(.reads(1, from: 583_616, count: 16_384), at: begun) == [])
    let wrong = RegistryError(.digestInvalid, "other bytes")
    #expect(fetch.take(.sealFailed(wrong), at: begun) == [.refuse(1, .unavailable), .end(.falsified)])
    #expect(fetch.failure?.code == .digestInvalid)
    #expect(fetch.take(.reads(2, from: 0, count: 1), at: begun) == [.refuse(2, .unavailable)])
  }

  @Test func readsOutsideTheBlobAreEmpty() {
    var fetch = fetch()
    for (offset, count) in [(Int64(600_000), 1), (.max, 1), (-1, 1), (0, 0), (0, -1)] {
      #expect(fetch.take(.reads(1, from: offset, count: count), at: begun) == [.grant(1, 0..<0)])
    }
    _ = fetch.take(.whole, at: begun)
    _ = fetch.take(.sealed, at: begun)
    #expect(fetch.take(.reads(1, from: 5, count: .max), at: begun) == [.grant(1, 5..<600_000)])
  }

  @Test func hashingFollowsThePrefixOneCallAtATime() {
    var fetch = fetch()
    #expect(fetch.take(.verified(piece: 0), at: begun) == [])
    #expect(fetch.take(.verified(piece: 1), at: begun) == [.hash(upTo: 131_072)])
    for piece in 2...5 { #expect(fetch.take(.verified(piece: piece), at: begun) == []) }
    #expect(fetch.take(.hashed(upTo: 131_072), at: begun) == [.hash(upTo: 393_216)])
    #expect(fetch.take(.whole, at: begun) == [])
    #expect(fetch.take(.hashed(upTo: 393_216), at: begun) == [.seal])
  }

  @Test func theEndWaitsForTheSinkAndTheReadersDoNot() {
    for event in [RemoteBlobFetch.Event.cancel, .pause, .sourceFailed(.swarm, Self.fault)] {
      var fetch = fetch()
      _ = fetch.take(.verified(piece: 0), at: begun)
      #expect(fetch.take(.verified(piece: 1), at: begun) == [.hash(upTo: 131_072)])
      _ = fetch.take(.reads(1, from: 300_000, count: 1), at: begun)
      #expect(fetch.take(event, at: begun) == [.refuse(1, .unavailable)])
      let ending: RemoteBlobFetch.Ending = if case .cancel = event { .dropped } else { .kept }
      #expect(fetch.take(.hashed(upTo: 131_072), at: begun) == [.end(ending)])
      #expect(fetch.take(.whole, at: begun) == [])
    }
  }

  @Test func whatBecomesOfTheBytesDependsOnTheFailure() {
    func ending(_ events: [RemoteBlobFetch.Event]) -> RemoteBlobFetch.Step? {
      var fetch = fetch()
      return events.flatMap { fetch.take($0, at: begun) }.last
    }
    let full = RegistryError(.storageFull, "full")
    #expect(ending([.sourceFailed(.swarm, full)]) == .end(.dropped))
    #expect(ending([.sourceFailed(.swarm, Self.fault)]) == .end(.kept))
    #expect(ending([.verified(piece: 0), .verified(piece: 1), .hashingFailed(Self.fault)]) == .end(.dropped))
    #expect(ending([.whole, .sealFailed(Self.fault)]) == .end(.dropped))
    #expect(ending([.whole, .linkFailed(Self.fault)]) == .end(.kept))
    // Too late: it is whole, and will be here in a moment.
    #expect(ending([.whole, .cancel, .pause, .sourceFailed(.swarm, full), .tick]) == .seal)
  }

  @Test func oneSourceOfTwoMayFail() {
    var fetch = RemoteBlobFetch(size: 10, pieceBytes: 16_384, from: [.swarm, .channel], at: begun)
    #expect(fetch.take(.sourceFailed(.swarm, Self.fault), at: begun) == [.quit(.swarm)])
    #expect(fetch.take(.sourceFailed(.swarm, Self.fault), at: begun) == [])
    #expect(fetch.take(.sourceFailed(.channel, Self.fault), at: begun) == [.end(.kept)])
  }

  @Test func aFetchThatStallsEndsAndSaysSo() {
    var fetch = fetch()
    _ = fetch.take(.sees(peers: 1), at: begun)
    _ = fetch.take(.verified(piece: 3), at: begun + .seconds(20))
    _ = fetch.take(.reads(1, from: 0, count: 1), at: begun + .seconds(21))
    #expect(fetch.take(.tick, at: begun + .seconds(49)) == [])
    #expect(fetch.take(.tick, at: begun + .seconds(50)) == [.refuse(1, .unavailable), .end(.kept)])
    #expect(fetch.failure?.code == .unavailable)
  }

  @Test func withoutPeersItHasMorePatience() {
    var fetch = fetch()
    #expect(fetch.take(.tick, at: begun + .seconds(59)) == [])
    #expect(fetch.take(.tick, at: begun + .seconds(60)) == [.end(.kept)])
  }

  @Test func aFetchThatMayGoOnAloneFailsItsReadersOnly() {
    var fetch = fetch { $0.endsWhenStalled = false }
    _ = fetch.take(.reads(1, from: 0, count: 1), at: begun)
    #expect(fetch.take(.tick, at: begun + .seconds(60)) == [.refuse(1, .unavailable)])
    _ = fetch.take(.reads(2, from: 0, count: 1), at: begun + .seconds(61))
    #expect(fetch.take(.tick, at: begun + .seconds(119)) == [])
    #expect(fetch.take(.tick, at: begun + .seconds(120)) == [.refuse(2, .unavailable)])
    #expect(fetch.phase == .arriving)
  }

  @Test func readersAreBoundedAndThoseThatLeaveCostNothing() {
    var fetch = fetch { $0.waitingReaders = 2 }
    for reader: UInt64 in 1...2 { _ = fetch.take(.reads(reader, from: 0, count: 1), at: begun) }
    #expect(fetch.take(.reads(3, from: 0, count: 1), at: begun) == [.refuse(3, .tooManyRequests)])
    _ = fetch.take(.leaves(1), at: begun)
    #expect(fetch.waitingReaders == 1)
    #expect(fetch.take(.reads(3, from: 0, count: 100_000), at: begun) == [.hurry(0..<2)])
    #expect(fetch.take(.verified(piece: 0), at: begun) == [.grant(3, 0..<65_536)])
  }

  @Test func theTimeToTheFirstPieceIsKept() {
    var fetch = fetch()
    for (piece, second) in [(4, 2), (5, 3)] { _ = fetch.take(.verified(piece: piece), at: begun + .seconds(second)) }
    #expect(fetch.firstPieceAfter == .seconds(2))
  }
}
