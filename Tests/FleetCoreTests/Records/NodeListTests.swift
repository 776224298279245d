import RegistryCore
import Testing

@testable import FleetCore

@Suite struct NodeListTests {
  @Test(arguments: 0..<8) func aListIsASortedSet(seed: UInt64) {
    var chance = SeededChance(seed: seed)
    var list = NodeList()
    var model: Set<NodeID> = []
    // Few first bytes, so that shelves hold several, and long empty stretches between them.
    let nodes = (0..<60).map { number in
      NodeID([UInt8(number % 5 * 63), UInt8(number)] + [UInt8](repeating: 0, count: 30))!
    }
    for _ in 0..<400 {
      let node = nodes.randomElement(using: &chance)!
      if Bool.random(using: &chance) {
        #expect(list.insert(node) == model.insert(node).inserted)
      } else {
        #expect(list.remove(node) == (model.remove(node) != nil))
      }
      let sorted = model.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
      #expect(list.count == sorted.count && list.elementsEqual(sorted))
      #expect(list.indices.map { list[$0] } == sorted)
      #expect(list.contains(node) == model.contains(node))
    }
  }

  @Test func shelvesKeepWhatIsPutOnThem() {
    var shelves = NodeShelves<Int>()
    for number in 0..<500 { shelves[node(number)] = number }
    for number in stride(from: 0, to: 500, by: 3) { shelves[node(number)] = nil }
    shelves[node(1)] = -1
    for number in 0..<500 {
      #expect(shelves[node(number)] == (number.isMultiple(of: 3) ? nil : number == 1 ? -1 : number))
    }
    #expect(shelves.count == 333 && (0..<256).reduce(0) { $0 + shelves.shelf($1).count } == 333)
  }

  @Test func sumsComeBackAsTheyWereWritten() {
    var bench = FleetBench()
    for number in 1...20 { bench.take(bench.record(1, bench.membership(number))) }
    #expect(DirectoryDigest(bytes: bench.directory.digest.bytes) == bench.directory.digest)
    #expect(ShelfSums(bytes: bench.directory.summary.bytes) == bench.directory.summary)
    #expect(DirectoryDigest(bytes: [UInt8](repeating: 0, count: 15)) == nil)
    #expect(ShelfSums(bytes: [UInt8](repeating: 0, count: ShelfSums.byteCount + 1)) == nil)
  }
}
