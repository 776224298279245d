import Testing

@testable import Wire

extension Sockets {
  struct PageCacheTests {
    @Test func fileIsColdAfterItWasDroppedAndWarmAfterItWasRead() throws {
      let file = try TemporaryFile(patterned(3_000_000))
      let ranges: [Range<Int64>] = [0..<3_000_000, 1..<2, 999_999..<2_000_001, 2_999_999..<3_000_000]
      for isWarm in [PageCache.isWarm, PageCache.isWarmBySamples] {
        #expect(ranges.allSatisfy { isWarm(file.descriptor, $0) })
        file.makeCold()
        #expect(ranges.allSatisfy { !isWarm(file.descriptor, $0) })
        PageCache.warm(file.descriptor, 0..<3_000_000)
        #expect(ranges.allSatisfy { isWarm(file.descriptor, $0) })
      }
    }
  }
}
