import CLinux
import Glibc

/// Whether a part of a file is in memory, and bringing it there.
enum PageCache {
  /// One byte in so many is asked for where the kernel cannot say more: it reads ahead in steps of this size or larger.
  private static let sampleBytes: Int64 = 128 << 10
  private static let pageBytes = Int64(getpagesize())

  /// Never blocks. A wrong yes costs the loop one small read from the disk.
  static func isWarm(_ file: Int32, _ range: Range<Int64>) -> Bool {
    let cached = shoal_cached_pages(file, range.lowerBound, Int64(range.count))
    guard cached >= 0 else { return isWarmBySamples(file, range) }
    let pages = (range.upperBound - 1) / pageBytes - range.lowerBound / pageBytes + 1
    // A page that is on its way from the disk counts as cached: the last one tells.
    return cached >= pages && hasByte(file, range.upperBound - 1)
  }

  static func isWarmBySamples(_ file: Int32, _ range: Range<Int64>) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard hasByte(file, offset) else { return false }
      offset += sampleBytes
    }
    return hasByte(file, range.upperBound - 1)
  }

  private static func hasByte(_ file: Int32, _ offset: Int64) -> Bool {
    var byte: UInt8 = 0
    // 0 is the end of a file that is shorter than it should be: whoever sends it will notice.
    return shoal_read_cached(file, &byte, 1, offset) >= 0
  }

  /// Reads the range from the disk, and starts reading as much again behind it. Only on threads that may block.
  static func warm(_ file: Int32, _ range: Range<Int64>) {
    let step = 256 << 10
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: step, alignment: 4096)
    defer { buffer.deallocate() }
    _ = shoal_readahead(file, range.lowerBound, 2 * Int64(range.count))
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = pread(file, buffer, min(step, Int(range.upperBound - offset)), off_t(offset))
      // An error shows again, and is dealt with, when the range is sent.
      guard count > 0 else { return }
      offset += Int64(count)
    }
  }
}
