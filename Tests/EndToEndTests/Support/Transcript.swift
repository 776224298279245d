import BlockingWork
import Glibc

/// What a process says on one of its outputs, line by line.
final class Transcript: Sendable {
  fileprivate struct State {
    var lines: [String] = []
    var rest: [UInt8] = []
    var isComplete = false
  }

  private let state = Awaited(State())

  /// - Parameter descriptor: is read to its end on a thread of its own, and closed.
  init(reading descriptor: Int32) {
    let state = state
    let reader = startThread(named: "transcript") {
      var buffer = [UInt8](repeating: 0, count: 16 << 10)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        state.change { $0.take(buffer[..<count]) }
      }
      state.change { $0.isComplete = true }
      close(descriptor)
    }
    pthread_detach(reader)
  }

  var lines: [String] { state.change { $0.lines } }

  /// All of it so far.
  var text: String {
    state.change { $0.lines.map { $0 + "\n" }.joined() + String(decoding: $0.rest, as: UTF8.self) }
  }

  /// The first line that fits. `nil`: none came in time, or none will.
  func line(within patience: Duration = .seconds(120), where fits: (String) -> Bool) -> String? {
    var seen = 0
    let found: String?? = state.wait(within: patience) { state in
      while seen < state.lines.count {
        seen += 1
        if fits(state.lines[seen - 1]) { return .some(state.lines[seen - 1]) }
      }
      return state.isComplete ? .some(nil) : nil
    }
    return found ?? nil
  }

  /// Waits for its end: everything that writes there has closed it.
  func complete(within patience: Duration = .seconds(120)) -> String {
    _ = state.wait(within: patience) { $0.isComplete ? true : nil }
    return text
  }
}

extension Transcript.State {
  mutating func take(_ bytes: ArraySlice<UInt8>) {
    rest += bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(String(decoding: rest[..<end], as: UTF8.self))
      rest.removeSubrange(...end)
    }
  }
}
