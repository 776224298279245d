import BlockingWork

/// Who may connect: so many in all, so many of one address. Any thread.
final class Admissions: Sendable {
  enum Verdict {
    case admitted
    case tooMany
    case tooManyOfAddress
  }

  private struct State {
    var total = 0
    var byAddress: [String: Int] = [:]
  }

  private let state = Lock(State())
  private let total: Int
  private let perAddress: Int

  init(_ limits: WireLimits) {
    total = limits.connections
    perAddress = limits.connectionsPerAddress
  }

  var count: Int { state.withLock { $0.total } }

  func enter(_ peer: PeerAddress) -> Verdict {
    state.withLock { state in
      guard state.total < total else { return .tooMany }
      if case .network(let address, _) = peer {
        let count = state.byAddress[address, default: 0]
        guard count < perAddress else { return .tooManyOfAddress }
        state.byAddress[address] = count + 1
      }
      state.total += 1
      return .admitted
    }
  }

  func leave(_ peer: PeerAddress) {
    state.withLock { state in
      state.total -= 1
      guard case .network(let address, _) = peer, let count = state.byAddress[address] else { return }
      state.byAddress[address] = count > 1 ? count - 1 : nil
    }
  }
}
