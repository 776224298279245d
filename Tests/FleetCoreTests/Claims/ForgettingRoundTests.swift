import RegistryCore
import Testing

@testable import FleetCore

@Suite struct ForgettingRoundTests {
  private let nodes = (1...3).map { NodeID([UInt8](repeating: $0, count: NodeID.byteCount))! }
  private let lone: ClaimNumber
  private var members = NodeList()
  private var round = ForgettingRound()

  init() {
    lone = ClaimNumber(writer: WriterID(node: nodes[1], epoch: 1), sequence: 9)
    for node in nodes { members.insert(node) }
    var log = ShortenedLog()
    log.lone = [lone]
    round.shortened(log)
  }

  private mutating func meet(_ place: Int, after shortenings: Int64) {
    round.met(nodes[place], shortenings: shortenings, of: members, besides: nodes[0])
  }

  private var forgettable: Forgettable { round.forgettable(among: members, besides: nodes[0]) }

  @Test mutating func aDeletionIsForgottenWhenEachMemberHasShortenedItsLogTwiceSinceItKnewOfIt() {
    for place in 1...2 { meet(place, after: 4) }
    #expect(round.awaited(of: members, besides: nodes[0]) == Array(nodes.dropFirst()))
    for place in 1...2 { meet(place, after: 5) }
    #expect(forgettable == .only([]), "the first may have begun before it was met")
    meet(1, after: 6)
    #expect(forgettable == .only([]) && round.awaited(of: members, besides: nodes[0]) == [nodes[2]])
    meet(2, after: 9)
    #expect(forgettable == .only([lone]))
    round.shortened(ShortenedLog())
    #expect(forgettable == .only([]), "it is forgotten")
  }

  @Test mutating func aMemberThatStartedAnewCountsAnew() {
    for place in 1...2 { meet(place, after: 4) }
    meet(1, after: 6)
    meet(2, after: 0)
    meet(2, after: 1)
    #expect(forgettable == .only([]))
    meet(2, after: 2)
    #expect(forgettable == .only([lone]))
  }

  @Test mutating func whoJoinsMeanwhileIsMetToo() {
    for place in 1...2 { meet(place, after: 0) }
    for place in 1...2 { meet(place, after: 2) }
    #expect(forgettable == .only([lone]))
    members.insert(NodeID([UInt8](repeating: 9, count: NodeID.byteCount))!)
    #expect(forgettable == .only([]))
  }

  @Test mutating func aNodeAloneForgetsWhatIsOldEnough() {
    for node in nodes.dropFirst() { members.remove(node) }
    #expect(forgettable == .all)
  }
}
