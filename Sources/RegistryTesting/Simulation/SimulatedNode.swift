import FleetCore
import RegistryCore

/// One node of a simulated fleet: its machine, its disk, its clock.
struct SimulatedNode {
  let notary: SimulatedNotary
  let id: NodeID
  var machine: FleetMachine<SimulatedNotary>
  /// What is durable. A machine that crashes comes back with it.
  var disk: MemoryLog
  /// Digests whose bytes are on the disk.
  var bytes: Set<UInt64> = []
  /// Rises with each start: what an earlier life waited for does not come.
  var life = 0
  var isUp = true
  /// Not yet, of a node that is let in later.
  var hasJoined = true
  /// How far the wall clock is ahead.
  var skew: Int64 = 0
  /// What its members' clocks are ahead of it, as its disk was told.
  var clockCorrection: Int64 = 0
  /// Then: how far their clocks are ahead of its monotonic one.
  var membersAheadOfMonotonic: Int64?
  var wake: Int64?
  var diskIsFree: Int64 = 0
  var backup: (disk: MemoryLog, bytes: Set<UInt64>)?
  var wasRestored = false
  /// Its clock was far ahead once: what it said then it may have said again.
  var wasAhead = false
  var isHostile = false
  /// What this node last took each name to stand for.
  var seen: [ClaimedName: HybridTime] = [:]

  init(_ notary: SimulatedNotary, _ machine: FleetMachine<SimulatedNotary>, _ disk: MemoryLog) {
    (self.notary, id, self.machine, self.disk) = (notary, machine.node, machine, disk)
  }
}

/// What a client asks of a node.
enum ClientOperation {
  /// Also of what was pushed before, to whichever node.
  case push(ClaimedName, digest: UInt64)
  /// Of what the tag names there already.
  case pushAgain(ClaimedName)
  case delete(ClaimedName)
  /// What the tag names there, and so the tag.
  case deleteManifest(ClaimedName)
}

/// What of that is one transaction.
enum ClientChange {
  case publish(digest: UInt64, tags: [ClaimedName])
  case untag(ClaimedName)
  case retract(ClaimedName)
}

/// What a disk is asked for, in order.
enum DiskOperation {
  case admit(FleetToken, [ClaimRun])
  case read(FleetToken, [Want], byteLimit: Int)
  case apply(NameRules)
  case correctClock(Int64)
  case beginEpoch(above: Int64, ClaimStretch?)
  case shorten(ClaimRetention, Forgettable)
  case keepBytes(UInt64)
  /// - Parameter begun: when the client asked, in true time.
  case write(ClientChange, begun: Int64)
}

enum SimulatedEvent {
  case wake(Int, life: Int)
  case question(to: Int, from: Int, call: UInt64, FleetMessage)
  case answer(call: UInt64, FleetMessage)
  case disk(Int, life: Int, DiskOperation)
  case client(Int, ClientOperation)
  case crash(Int)
  case start(Int)
  case partition([Int])
  case cut(from: Int, to: Int)
  case backUp(Int)
  case restore(Int)
  case skew(Int, Int64)
  case remove(Int)
  case writeAhead(Int)
  case join(Int)
  case changeAddress(Int)
  case changePolicy
  case leap(days: Int64)
  case shorten(Int)
  case heal
}
