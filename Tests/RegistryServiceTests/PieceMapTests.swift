import Testing

@testable import RegistryService

struct PieceMapTests {
  @Test(arguments: [1, 63, 64, 65, 128, 1000])
  func itAgreesWithAPlainSetInAnyOrder(_ count: Int) {
    let seed = UInt64.random(in: 0 ... .max)
    print("piece map of \(count), seed \(seed)")
    var random = SeededNumbers(seed: seed)
    // The last piece is one byte long.
    var map = PieceMap(size: Int64(count - 1) * 16 + 1, pieceBytes: 16)
    #expect(map.pieceCount == count)
    var model = Set<Int>()
    var bytes: Int64 = 0
    for piece in (0..<count).shuffled(using: &random) {
      let (first, second) = (map.insert(piece), map.insert(piece))
      #expect(first && !second)
      model.insert(piece)
      bytes += piece == count - 1 ? 1 : 16
      let at = Int.random(in: 0..<count, using: &random)
      var end = at
      while model.contains(end) { end += 1 }
      #expect(map.runEnd(from: Int64(at * 16)) == min(map.size, Int64(end * 16)))
      #expect(map.contains(at) == model.contains(at))
      #expect(map.verifiedBytes == bytes)
    }
    #expect(map.isWhole && map.prefixBytes == map.size)
  }

  @Test func whatIsNoPieceIsRefused() {
    var map = PieceMap(size: 100, pieceBytes: 16)
    for piece in [-1, 7, .max, .min] {
      let isInserted = map.insert(piece)
      #expect(!isInserted)
    }
    map.insertAll()
    #expect(map.isWhole && map.verifiedBytes == 100 && map.runEnd(from: 0) == 100 && map.runEnd(from: 100) == 100)
  }
}
