import BlockingWork
import CLinux
import Glibc
import RegistryCore

/// A torrent engine's two ends on loopback, without torrents: it listens for whom it expects, and dials and says so. What it
/// says back to whom it lets in is chosen by the test.
final class FakeEngine: SwarmDoor, SwarmWaker, @unchecked Sendable {
  // Unchecked: the descriptor does not change; all else is in locks.

  struct Failure: Error { let code: Int32 }

  private struct State {
    var expected: Set<PeerEndpoint> = []
    var admitted: Set<String> = []
    /// By address, what was said last.
    var far: [String: Bool] = [:]
    var dismissed: Set<String> = []
    var guests: [Connected] = []
    var strangers = 0
    var woken: [[UInt8]] = []
    var unknown: Set<[UInt8]> = []
    var isOpen = true
  }

  let doorstep: PeerEndpoint?
  private let listener: Int32
  private let state = Lock(State())
  private let atEnd = Lock<Bool>(false)

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0, bindSocket(listener, "127.77.0.1", 0) == 0, listen(listener, 64) == 0 else {
      throw Failure(code: errno)
    }
    doorstep = endpointOf(listener)
    let thread = startThread(named: "engine") { self.acceptAll() }
    pthread_detach(thread)
  }

  /// Wakes the thread, which closes the listener.
  func close() {
    state.withLock { $0.isOpen = false }
    shutdown(listener, Int32(SHUT_RDWR))
    _ = eventually { self.atEnd.withLock(\.self) }
  }

  private func acceptAll() {
    while state.withLock(\.isOpen) {
      let (descriptor, from) = acceptFrom(listener)
      guard descriptor >= 0, let from else { continue }
      let connected = Connected(descriptor, near: from)
      state.withLock { state in
        if state.admitted.contains(from.address), state.expected.remove(from) != nil {
          state.guests.append(connected)
        } else {
          state.strangers += 1
        }
      }
    }
    Glibc.close(listener)
    atEnd.withLock { $0 = true }
  }

  /// Whoever was let in, in order; who is not closed yet by the test.
  var guests: [Connected] { state.withLock(\.guests) }
  var strangers: Int { state.withLock(\.strangers) }
  var woken: [[UInt8]] { state.withLock(\.woken) }
  var dismissed: Set<String> { state.withLock(\.dismissed) }
  var far: [String: Bool] { state.withLock(\.far) }

  func forget(_ torrent: [UInt8]) { state.withLock { _ = $0.unknown.insert(torrent) } }
  func dropGuests() { state.withLock { $0.guests = [] } }

  /// The next one that is let in.
  func guest(after count: Int = 0) throws -> Connected {
    guard eventually({ self.guests.count > count }) else { throw Failure(code: ETIMEDOUT) }
    return guests[count]
  }

  /// Dials the member where the way says, and tells the way of it, just before: the way waits longer for the connection
  /// than for the word.
  func dial(_ remote: PeerEndpoint, _ way: any SwarmWay, _ torrent: InfoHash, saysSo: Bool = true) throws -> Connected {
    try Connected(to: remote, from: "127.0.0.1") { near in
      if saysSo { way.dialled(from: near, to: remote, for: torrent) }
    }
  }

  // MARK: SwarmDoor, SwarmWaker

  func expect(_ peer: PeerEndpoint) throws(RegistryError) { state.withLock { _ = $0.expected.insert(peer) } }

  func admit(_ address: String) throws(RegistryError) { state.withLock { _ = $0.admitted.insert(address) } }

  func place(_ address: String, isFar: Bool) throws(RegistryError) { state.withLock { $0.far[address] = isFar } }

  func dismiss(_ address: String) throws(RegistryError) {
    state.withLock { state in
      state.admitted.remove(address)
      state.dismissed.insert(address)
    }
  }

  func wake(_ torrent: [UInt8], for member: NodeID) async -> Bool {
    state.withLock { state in
      state.woken.append(torrent)
      return !state.unknown.contains(torrent)
    }
  }
}
