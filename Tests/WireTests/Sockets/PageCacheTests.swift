import Testing

@testable import Wire

extension Sockets {
  struct PageCacheTests {
    @Test func fileIsColdAfterItWasDroppedAndWarmAfterItWasRead() throws {
      let file = try TemporaryFile(patterned(3_000_000))
      let ranges: [Range<Int64>] = [0..<3_000_000, 1..<2, 999_999..<2_000_001, 2_999_999..<3_000_000]
      for isWarm in [PageCache.isWarm, PageCache.isWarmBySamples] {
        #expect(ranges.allSatisfy { isWarm(file.descriptor, $0) })
        // Each look at a cold page begins to read those behind it, which may be there by the next look.
        let areCold = ranges.allSatisfy { range in
          eventually {
            file.makeCold()
            return !isWarm(file.descriptor, range)
          }
        }
        #expect(areCold)
        PageCache.warm(file.descriptor, 0..<3_000_000)
        #expect(ranges.allSatisfy { isWarm(file.descriptor, $0) })
      }
    }
  }
}
