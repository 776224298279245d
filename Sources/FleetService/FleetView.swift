import FleetCore
import RegistryCore

/// What a member knows at one moment.
public struct FleetView: Sendable {
  public let node: NodeID
  public let fleet: FleetID
  public let directory: Directory
  public let cards: CardBook
  public let gate: WriteGate
  /// How long ago the last exchange began that left nothing open; `nil`: there was none.
  public let behindMilliseconds: Int64?
  public let clockOffset: Int64?
  private let states: [NodeID: MemberState]

  init(_ machine: FleetMachine<FleetKeys>, at now: Int64) {
    (node, fleet, directory, cards) = (machine.node, machine.directory.fleet, machine.directory, machine.cards)
    (gate, clockOffset) = (machine.gate, machine.clockOffset)
    behindMilliseconds = machine.freshAt.map { now - $0 }
    // Who is well is not among them: they are few, however many the members are.
    states = machine.doubtedStates
  }

  /// As this node sees it.
  public func state(of member: NodeID) -> MemberState { states[member] ?? .alive }

  public func isMember(_ node: NodeID) -> Bool { directory.isMember(node) }
}
