import BlockingWork
import FleetCore
import RegistryCore
import Telemetry

// What an operator reads in the log of a member.
extension FleetDesk {
  func noteGate(_ gate: WriteGate) {
    switch gate {
    case .open: ports.log.info("this node may write names")
    case .settling: ports.log.info("this node asks the members what they know of it before it writes")
    case .clockOff(let milliseconds):
      ports.log.error(
        "this node's clock is wrong: it writes no names until it is set", LogField("ahead_ms", -milliseconds))
    case .stranger: ports.log.error("this node was removed from the fleet")
    }
  }

  func note(_ member: NodeID, _ state: MemberState) {
    switch state {
    case .alive: ports.log.info("a member is here", LogField("member", member.description))
    case .suspected: ports.log.info("a member does not answer", LogField("member", member.description))
    case .down: ports.log.warning("a member is down", LogField("member", member.description))
    }
  }

  /// What a member said cannot be read here: most likely it runs a later release. The rest of what it said was taken.
  public func notePassedOver(_ count: Int, from member: NodeID) {
    ports.meter.passedOver.add(Int64(count))
    guard passers.withLock({ $0.insert(member).inserted }) else { return }
    ports.log.warning(
      "a member says things that this release cannot read; they are passed over: upgrade this node",
      LogField("member", member.description), LogField("statements", count))
  }

  func log(_ notice: FleetNotice) {
    ports.meter.count(notice)
    switch notice {
    case .shunned(let member, let misdeed):
      ports.log.warning(
        "a member said what no honest one says; it is not asked for a while", LogField("member", member.description),
        LogField("misdeed", "\(misdeed)"))
    case .forked(let writer, let number):
      ports.log.error(
        "a writer used a number twice: what it wrote from there on does not count",
        LogField("writer", writer.node.description), LogField("epoch", writer.epoch), LogField("number", number))
    case .restored(let writer): noteRestoration(of: writer)
    case .redated(let writer, let number):
      ports.log.warning(
        "this node's clock was far ahead when it wrote: it says that again, dated now", LogField("epoch", writer.epoch),
        LogField("from", number))
    }
  }

  /// An old disk is found out once. Whoever falls behind itself again is written for by another process.
  private func noteRestoration(of writer: WriterID) {
    let count = restorations.withLock { count in
      count += 1
      return count
    }
    if count == 1 {
      ports.log.warning(
        "members know more of this node than it does: its disk is an old one; it goes on under a new epoch",
        LogField("epoch", writer.epoch))
    } else {
      ports.log.error(
        "members know more of this node than it does, again: a copy of its data folder runs elsewhere; stop one of the two",
        LogField("epoch", writer.epoch), LogField("times", count))
    }
  }
}
