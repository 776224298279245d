import CLinux
import Glibc

extension SecureStream {
  /// With less than this unsent in the kernel a word of few bytes does not wait behind megabytes.
  private static let unsentBytes: Int32 = 128 << 10
  private static let plainBufferBytes: Int32 = 256 << 10

  /// Carries the socket's bytes through the stream and back until both have ended, and closes the socket. Each side's end
  /// is told to the other; half of it may go on as long as it moves.
  /// - Parameter halfOpenPatience: how long nothing may move when one side has ended.
  public func splice(
    with plain: PlainSocket, framed framing: any StreamFraming, halfOpenPatience: Duration = .seconds(1),
    meter: StreamMeter? = nil
  ) async -> SpliceEnding {
    let outcome = Outcome<SpliceEnding>()
    let isTaken = loop.execute {
      self.begin(plain, framing, halfOpenPatience.clampedNanoseconds, meter, outcome)
    }
    return isTaken ? await outcome.value() : .cut(.stopping)
  }

  private func begin(
    _ plain: PlainSocket, _ framing: any StreamFraming, _ patience: UInt64, _ meter: StreamMeter?,
    _ outcome: Outcome<SpliceEnding>
  ) {
    guard isOpen else { return outcome.settle(.cut(.cut)) }
    guard case .none = duty else { preconditionFailure("a stream is asked for one thing at a time") }
    ListeningSocket.set(socket, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Self.unsentBytes)
    for option in [SO_SNDBUF, SO_RCVBUF] {
      ListeningSocket.set(plain.descriptor, SOL_SOCKET, option, Self.plainBufferBytes)
    }
    do {
      let splice = Splice(self, plain, framing, halfOpenPatience: patience, meter, outcome)
      try splice.start()
      duty = .splicing(splice)
      goOn()
    } catch {
      plain.cut()
      outcome.settle(.cut(StreamFailure(.cut, "\(error)")))
      fail(.cut)
    }
  }
}
