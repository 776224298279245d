import Glibc

/// A pipe whose far end the test reads.
final class OutputPipe: @unchecked Sendable {
  // Unchecked: one test closes the ends, after whoever writes has stopped.
  let input: Int32
  let output: Int32
  private var isInputOpen = true

  init() {
    var ends: [Int32] = [-1, -1]
    let code = pipe(&ends)
    precondition(code == 0, "no pipe")
    // A child process that had the input would keep the output from ending.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (output, input) = (ends[0], ends[1])
  }

  deinit {
    closeInput()
    close(output)
  }

  func closeInput() {
    if isInputOpen { close(input) }
    isInputOpen = false
  }

  /// Everything up to the end; ends once the input is closed.
  func readAll() -> String {
    var (bytes, room) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = read(output, &room, room.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: room[..<count])
    }
  }
}
