import CLinux
import Glibc

extension Connection {
  /// How much of a file is made sure to be in memory at a time.
  private static let windowBytes: Int64 = 4 << 20

  /// By `sendfile`: the bytes never enter user space. The loop never waits for the disk: what is not in memory is
  /// fetched by a thread that may block.
  func send(_ region: FileRegion) async throws(ConnectionFailure) {
    var offset = region.offset
    let end = region.offset + region.count
    while offset < end {
      let window = offset..<min(end, offset + Self.windowBytes)
      if !PageCache.isWarm(region.descriptor, window) {
        await service.disk.run { PageCache.warm(region.descriptor, window) }
      }
      while offset < window.upperBound {
        if let failure { throw failure }
        offset += Int64(try await settle(sendFile(region.descriptor, offset, window.upperBound)))
      }
    }
    withExtendedLifetime(region) {}
  }

  private func sendFile(_ file: Int32, _ offset: Int64, _ end: Int64) -> Moved {
    var position = off_t(offset)
    let count = sendfile(socket, file, &position, Int(end - offset))
    if count > 0 { return .bytes(count) }
    // 0: the file is shorter than was promised.
    return count == 0 ? .failed : Transport.failure(errno, .mustWaitToWrite)
  }
}
