import CLinux
import Glibc

extension Splice {
  // MARK: Out: from the plain socket into the stream

  /// How many bytes of payload were taken from the socket.
  func moveOut() -> Int {
    var moved = 0
    guard flush() else { return moved }
    while !hasSentEnd, canRead, moved < Self.bytesPerTurn {
      let head = framing.headByteCount
      let piece = UnsafeMutableRawBufferPointer(rebasing: stream.loop.scratch[..<(head + framing.payloadByteLimit)])
      guard let count = receive(UnsafeMutableRawBufferPointer(rebasing: piece[head...])) else { return moved }
      framing.writeHead(of: count, into: UnsafeMutableRawBufferPointer(rebasing: piece[..<head]))
      hasSentEnd = count == 0
      moved += count
      let framed = UnsafeRawBufferPointer(rebasing: piece[..<(head + count)])
      let sent = send(framed)
      if sent < framed.count {
        unsent.append(UnsafeRawBufferPointer(rebasing: framed[sent...]))
        return moved
      }
    }
    return moved
  }

  /// From the plain socket. `nil`: nothing just now; 0: it has ended.
  private func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    let count = recv(plain.descriptor, buffer.baseAddress, buffer.count, 0)
    guard count < 0 else {
      if count > 0, count < buffer.count, !inputEnds { canRead = false }
      return count
    }
    switch errno {
    case EAGAIN, EWOULDBLOCK:
      canRead = false
      return nil
    case EINTR: return receive(buffer)
    default:
      isPlainGone = true
      return 0
    }
  }

  /// True when nothing is left.
  private func flush() -> Bool {
    guard !unsent.isEmpty else { return true }
    let sent = unsent.withSpan { span in span.withUnsafeBytes { send($0) } }
    unsent.consume(sent)
    return unsent.isEmpty
  }

  /// Into the stream, as much as it takes.
  private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    var sent = 0
    while sent < bytes.count, stream.canWrite {
      switch stream.write(UnsafeRawBufferPointer(rebasing: bytes[sent...])) {
      case .bytes(let count): sent += count
      // What it waits for in order to read is the stream's own affair; it is offered the same bytes again.
      case .mustWaitToWrite, .mustWaitToRead: return sent
      case .ended, .failed:
        hasStreamEnded = true
        return sent
      }
    }
    return sent
  }

  // MARK: In: from the stream to the plain socket

  /// How many bytes came out of the stream.
  func moveIn() -> Int {
    var moved = 0
    while !hasReceivedEnd, !isMalformed, moved < Self.bytesPerTurn {
      guard stream.input.isEmpty else {
        let used = stream.input.withSpan { deliver($0) }
        stream.input.consume(used)
        if !stream.input.isEmpty { return moved }
        continue
      }
      let count = gather()
      guard count > 0 else { return moved }
      moved += count
      let bytes = UnsafeRawBufferPointer(rebasing: stream.loop.scratch[..<count])
      let used = bytes.withMemoryRebound(to: UInt8.self) { deliver($0.span) }
      if used < count { stream.input.append(UnsafeRawBufferPointer(rebasing: bytes[used...])) }
    }
    return moved
  }

  /// What the stream has, up to a piece, into the scratch space: several records at once, so that one call passes them on.
  private func gather() -> Int {
    var count = 0
    while count < Self.pieceBytes, stream.canRead, !hasStreamEnded {
      let rest = UnsafeMutableRawBufferPointer(rebasing: stream.loop.scratch[count..<Self.pieceBytes])
      switch stream.read(into: rest) {
      case .bytes(let more): count += more
      case .mustWaitToRead, .mustWaitToWrite: return count
      case .ended, .failed: hasStreamEnded = true
      }
    }
    return count
  }

  /// Takes frames apart and passes their bytes on: how many of these are done with. Less than all: the socket takes no more
  /// just now, or the connection ends there.
  private func deliver(_ bytes: Span<UInt8>) -> Int {
    var cursor = 0
    while true {
      while payloadLeft > 0, cursor < bytes.count {
        let count = pass(bytes.extracting(cursor..<min(bytes.count, cursor + payloadLeft)))
        guard count > 0 else { return cursor }
        cursor += count
        payloadLeft -= count
      }
      guard let step = step(bytes, cursor) else { return bytes.count }
      switch step.what {
      case .payload(let range): (cursor, payloadLeft) = (range.lowerBound, range.count)
      case .needsMore: return bytes.count
      case .ended:
        hasReceivedEnd = true
        if !isPlainGone { shutdown(plain.descriptor, Int32(SHUT_WR)) }
        return step.cursor
      }
    }
  }

  /// `nil`: these are no frames.
  private func step(_ bytes: Span<UInt8>, _ start: Int) -> (what: StreamFramingStep, cursor: Int)? {
    var cursor = start
    do {
      return (try framing.step(bytes, &cursor), cursor)
    } catch {
      isMalformed = true
      return nil
    }
  }

  /// To the plain socket. 0: it takes none just now. Of one that is gone, all of it, into nothing.
  private func pass(_ bytes: Span<UInt8>) -> Int {
    if isPlainGone { return bytes.count }
    guard canWrite else { return 0 }
    let count = bytes.withUnsafeBytes { Glibc.send(plain.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard count < 0 else {
      passedBytes += count
      return count
    }
    switch errno {
    case EAGAIN, EWOULDBLOCK:
      canWrite = false
      return 0
    case EINTR: return pass(bytes)
    default:
      isPlainGone = true
      // Its end is found by reading, which comes to the same failure.
      canRead = true
      goOnNextTurn()
      return bytes.count
    }
  }
}
