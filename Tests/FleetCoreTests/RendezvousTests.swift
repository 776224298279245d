import FleetCore
import OpenSSLKit
import RegistryCore
import Testing

@Suite struct RendezvousTests {
  private let members = (0..<50).map(Self.node)

  private static func node(_ number: Int) -> NodeID {
    NodeID(StreamingHash.hash(Array("node \(number)".utf8), .sha256))!
  }

  private static func digest(_ number: Int) -> Digest {
    Digest(algorithm: .sha256, hash: StreamingHash.hash(Array("blob \(number)".utf8), .sha256))
  }

  @Test func theRankIsTheSameInWhateverOrderMembersAreKnown() {
    for number in 0..<200 {
      let digest = Self.digest(number)
      let ranked = Rendezvous.ranked(members, for: digest, limit: 5)
      #expect(ranked == Rendezvous.ranked(members.shuffled(), for: digest, limit: 5))
      #expect(Array(ranked.prefix(3)) == Rendezvous.ranked(members, for: digest, limit: 3))
      #expect(Set(ranked).count == 5)
    }
  }

  @Test func aMemberThatGoesMovesOnlyItsOwnPlaces() {
    for number in 0..<200 {
      let digest = Self.digest(number)
      let before = Rendezvous.ranked(members, for: digest, limit: members.count)
      let gone = members[number % members.count]
      let after = Rendezvous.ranked(members.filter { $0 != gone }, for: digest, limit: members.count)
      #expect(after == before.filter { $0 != gone })
    }
  }

  @Test func eachMemberRanksFirstAboutEquallyOften() {
    var firsts: [NodeID: Int] = [:]
    for number in 0..<10_000 {
      firsts[Rendezvous.ranked(members, for: Self.digest(number), limit: 1)[0], default: 0] += 1
    }
    // 200 each on average; five standard deviations are 70.
    #expect(members.allSatisfy { 130...270 ~= firsts[$0, default: 0] })
  }

  @Test func fewerMembersThanWantedAreAllNamed() {
    #expect(Rendezvous.ranked(members.prefix(2), for: Self.digest(1), limit: 5).count == 2)
    #expect(Rendezvous.ranked([], for: Self.digest(1), limit: 5).isEmpty)
    #expect(Rendezvous.ranked(members, for: Self.digest(1), limit: 0).isEmpty)
  }
}
