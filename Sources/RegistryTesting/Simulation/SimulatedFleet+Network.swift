import FleetCore
import RegistryCore

// The network: messages take time, get lost, and stop at cuts.
extension SimulatedFleet {
  func send(_ message: FleetMessage, _ token: FleetToken, from place: Int, to peer: NodeID) {
    guard let to = places[peer] else { return }
    lastCall += 1
    guard isCarried(from: place, to: to), let message = onTheWire(message, from: place) else { return }
    calls[lastCall] = (place, to, nodes[place].life, token)
    events.add(.question(to: to, from: place, call: lastCall, message), at: arrival())
    guard plan.repeatPercent > 0, chance.below(100) < plan.repeatPercent else { return }
    // The network's fault, or somebody's who listened: both ends have TLS, and the machine does not count on it.
    events.add(
      .question(to: to, from: place, call: lastCall, message), at: arrival() + Int64(chance.below(20_000)))
  }

  func deliver(_ to: Int, _ from: Int, _ call: UInt64, _ message: FleetMessage) {
    guard nodes[to].isUp, call > lastLostCall else {
      calls[call] = nil
      return
    }
    count(to)
    feed(to, .asked(nodes[from].id, ReplyToken(rawValue: call), message))
  }

  func answer(_ token: ReplyToken, _ message: FleetMessage, from place: Int) {
    guard let call = calls[token.rawValue] else { return }
    guard isCarried(from: place, to: call.asker), let message = onTheWire(message, from: place) else {
      calls[token.rawValue] = nil
      return
    }
    events.add(.answer(call: token.rawValue, message), at: arrival())
  }

  func deliverAnswer(_ call: UInt64, _ message: FleetMessage) {
    guard let waiting = calls.removeValue(forKey: call) else { return }
    guard nodes[waiting.asker].isUp, nodes[waiting.asker].life == waiting.life else { return }
    count(waiting.asker)
    feed(waiting.asker, .answered(waiting.token, message))
  }

  private func count(_ place: Int) {
    result.messages += 1
    received[place] += 1
  }

  private func arrival() -> Int64 {
    time + plan.delay.lowerBound + Int64(chance.below(Int(plan.delay.upperBound - plan.delay.lowerBound + 1)))
  }

  private func isCarried(from: Int, to: Int) -> Bool {
    guard sides[from] == sides[to], !cuts.contains(from * nodes.count + to) else { return false }
    return lossPercent == 0 || chance.below(100) >= lossPercent
  }

  /// - Returns: `nil`: nobody could read it.
  private func onTheWire(_ message: FleetMessage, from place: Int) -> FleetMessage? {
    var message = message
    if nodes[place].isHostile, chance.below(3) == 0 {
      guard let lie = SimulatedLiar(notary: nodes[place].notary, members: nodes.map(\.id)).twist(message, &chance)
      else { return nil }
      message = lie
    }
    return plan.encodesMessages ? FleetMessage(bytes: message.bytes) : message
  }
}
