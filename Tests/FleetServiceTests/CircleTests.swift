import FleetCore
import RegistryCore
import Testing

@testable import FleetHTTP

@Suite struct CircleTests {
  private static let members = (1...12).compactMap { NodeID([UInt8](repeating: $0, count: NodeID.byteCount)) }

  @Test func whoIsSuspectedIsAskedAfterTheOthersAndWhoIsDownIsNot() {
    let (first, second, third) = (Self.members[0], Self.members[1], Self.members[2])
    let circle = Circle(of: [first, second, third]) { $0 == first ? .alive : $0 == second ? .suspected : .down }
    #expect(circle.near == [first])
    #expect(circle.doubted == [second])
    #expect(circle.someDoubted == [second])
  }

  @Test func whereNobodyIsKnownToAnswerAllAreAskedAtOnce() {
    let circle = Circle(of: Self.members) { $0 == Self.members[0] ? .suspected : .down }
    #expect(circle.near == Self.members)
    #expect(circle.doubted.isEmpty)
  }

  @Test func ofManySuspectedSomeAreAsked() {
    let circle = Circle(of: Self.members) { $0 == Self.members[0] ? .alive : .suspected }
    #expect(circle.doubted.count == 11)
    #expect(circle.someDoubted.count == 8 && Set(circle.someDoubted).isSubset(of: circle.doubted))
  }
}
