import CLinux
import Glibc

extension Connection {
  /// How much of a file is made sure to be in memory at a time: little at first, so that the first byte goes out soon.
  private static let windowBytes: ClosedRange<Int64> = (256 << 10)...(4 << 20)
  /// What is encrypted at a time: less costs system calls, more gains nothing.
  private static let securePieceBytes: Int64 = 64 << 10

  /// The loop never waits for the disk: what is not in memory is fetched by a thread that may block.
  nonisolated(nonsending) func send(_ region: FileRegion) async throws(ConnectionFailure) {
    if transport.isSecure { try await encrypt(region) } else { try await pass(region) }
    withExtendedLifetime(region) {}
  }

  /// By `sendfile`: the bytes never enter user space.
  private nonisolated(nonsending) func pass(_ region: FileRegion) async throws(ConnectionFailure) {
    var offset = region.offset
    let end = region.offset + region.count
    while offset < end {
      let window = window(at: offset, of: region)
      if !PageCache.isWarm(region.descriptor, window) {
        await service.disk.run { PageCache.warm(region.descriptor, window) }
      }
      while offset < window.upperBound {
        if let failure { throw failure }
        offset += Int64(try await settle(sendFile(region.descriptor, offset, window.upperBound)))
      }
    }
  }

  private func window(at offset: Int64, of region: FileRegion) -> Range<Int64> {
    let bounds = Self.windowBytes
    let count = min(max(offset - region.offset, bounds.lowerBound), bounds.upperBound)
    return offset..<min(region.offset + region.count, offset + count)
  }

  private func sendFile(_ file: Int32, _ offset: Int64, _ end: Int64) -> Moved {
    var position = off_t(offset)
    let count = sendfile(socket, file, &position, Int(end - offset))
    if count > 0 { return .bytes(count) }
    // 0: the file is shorter than was promised.
    return count == 0 ? .failed : Transport.failure(errno, .mustWaitToWrite)
  }

  /// Piece by piece through the loop's scratch space. What a wait leaves unsent is read again afterwards, from memory,
  /// so that no connection that waits holds a buffer.
  private nonisolated(nonsending) func encrypt(_ region: FileRegion) async throws(ConnectionFailure) {
    var offset = region.offset
    let end = region.offset + region.count
    while offset < end {
      if let failure { throw failure }
      let wanted = min(end - offset, Self.securePieceBytes)
      let count = shoal_read_cached(region.descriptor, loop.scratch.baseAddress, wanted, offset)
      if count > 0 {
        let (sent, last) = sendScratch(Int(count))
        offset += Int64(sent)
        _ = try await settle(last)
      } else if count == 0 {
        throw .answerFailed
      } else {
        let piece = try await readBlocking(region, window(at: offset, of: region), Int(wanted))
        try await write(piece)
        offset += Int64(piece.count)
      }
    }
  }

  /// Sends from the scratch space until all is sent or the socket wants no more: what was sent, and the last attempt
  /// when it was not counted.
  private func sendScratch(_ count: Int) -> (sent: Int, last: Moved) {
    var sent = 0
    while sent < count {
      let moved = transport.send(socket, UnsafeRawBufferPointer(rebasing: loop.scratch[sent..<count]), more: false)
      guard case .bytes(let more) = moved else { return (sent, moved) }
      sent += more
      bytesSent += Int64(more)
      bytesThisTurn += more
    }
    return (sent, .bytes(0))
  }

  /// Brings the window into memory and returns its first piece.
  private nonisolated(nonsending) func readBlocking(_ region: FileRegion, _ window: Range<Int64>, _ count: Int)
    async throws(ConnectionFailure) -> [UInt8]
  {
    let piece = await service.disk.run {
      PageCache.warm(region.descriptor, window)
      return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = max(0, pread(region.descriptor, buffer.baseAddress, count, off_t(window.lowerBound)))
      }
    }
    guard !piece.isEmpty else { throw failure ?? .answerFailed }
    return piece
  }
}
