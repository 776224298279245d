import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct FailureDetectorTests {
  private let node = SimulatedNotary(number: 1).node
  private let other = SimulatedNotary(number: 2).node

  @Test func whoOthersReachIsNotSuspected() {
    var detector = FailureDetector()
    let asksOthers = detector.unanswered(by: node, others: 2)
    let asksAgain = detector.unanswered(by: node, others: 2)
    #expect(asksOthers && !asksAgain)
    let first = detector.told(of: node, isThere: false)
    let second = detector.told(of: node, isThere: true)
    let late = detector.told(of: node, isThere: false)
    #expect(!first && !second && !late)
    #expect(detector.state(of: node) == .alive)
  }

  @Test func whoNobodyReachesIsSuspectedAndThenDown() {
    var detector = FailureDetector()
    _ = detector.unanswered(by: node, others: 2)
    _ = detector.told(of: node, isThere: false)
    let isSuspected = detector.told(of: node, isThere: false)
    #expect(isSuspected)
    let isNew = detector.suspect(node, incarnation: 4, now: 1000)
    let isNewAgain = detector.suspect(node, incarnation: 4, now: 2000)
    #expect(isNew && !isNewAgain)
    #expect(detector.suspicions == [Suspicion(node: node, incarnation: 4)])
    let early = detector.takeDue(now: 1000 + FleetLimits.suspicionMilliseconds - 1)
    #expect(early.isEmpty && detector.state(of: node) == .suspected)
    let due = detector.takeDue(now: 1000 + FleetLimits.suspicionMilliseconds)
    #expect(due == [node] && detector.state(of: node) == .down)
  }

  @Test func aLaterWordOfItselfRefutesAndAnEarlierOneDoesNot() {
    var detector = FailureDetector()
    _ = detector.suspect(node, incarnation: 4, now: 0)
    let same = detector.refuted(node, incarnation: 4)
    #expect(!same && detector.state(of: node) == .suspected)
    let later = detector.refuted(node, incarnation: 5)
    #expect(later && detector.state(of: node) == .alive)
  }

  @Test func whoIsHeardIsThere() {
    var detector = FailureDetector()
    _ = detector.suspect(node, incarnation: 1, now: 0)
    _ = detector.suspect(other, incarnation: 1, now: 0)
    _ = detector.takeDue(now: FleetLimits.suspicionMilliseconds)
    let wasInDoubt = detector.heard(node)
    let again = detector.heard(node)
    #expect(wasInDoubt && !again)
    #expect(detector.inDoubt == [other])
  }

  @Test func onlySoManySuspicionsAreTold() {
    var detector = FailureDetector()
    let nodes = (0..<100).map { SimulatedNotary(number: $0).node }
    for node in nodes { _ = detector.suspect(node, incarnation: 1, now: 0) }
    #expect(detector.suspicions.map(\.node) == Array(nodes.reversed().prefix(FleetLimits.suspicionsInMessage)))
  }
}
