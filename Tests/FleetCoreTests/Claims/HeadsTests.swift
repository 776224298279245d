import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct HeadsTests {
  private func writer(_ byte: UInt8, epoch: Int64 = 1) -> WriterID {
    WriterID(node: NodeID([UInt8](repeating: byte, count: 32))!, epoch: epoch)
  }

  private func head(_ sequence: Int64, _ byte: UInt8 = 7) -> ClaimHead {
    ClaimHead(sequence: sequence, hash: ClaimHash([UInt8](repeating: byte, count: 32))!)
  }

  @Test func theDigestIsOfWhatIsThereInWhateverOrderItCame() {
    var (one, two) = (Heads(), Heads())
    for byte: UInt8 in 1...50 { one[writer(byte)] = head(Int64(byte)) }
    for byte: UInt8 in (1...50).reversed() {
      two[writer(byte)] = head(1)
      two[writer(byte)] = head(Int64(byte))
    }
    #expect(one.digest == two.digest)
    #expect(one.digest == Heads(Dictionary(uniqueKeysWithValues: one.writers.map { ($0, one[$0]!) })).digest)
    two[writer(3)] = head(3, 8)
    #expect(one.digest != two.digest)
    two[writer(3)] = nil
    one[writer(3)] = nil
    #expect(one.digest == two.digest)
  }

  @Test func twoEpochsOfANodeAreTwoWriters() {
    #expect(Heads([writer(1): head(4)]).digest != Heads([writer(1, epoch: 2): head(4)]).digest)
    #expect(Heads([writer(1): head(4)]).all(of: writer(1).node).count == 1)
  }

  @Test func ofALogThatIsCutOnlyWhatCountsIsCompared() {
    var (short, long) = (Heads([writer(1): head(5, 5)]), Heads([writer(1): head(9, 9)]))
    long.cut(writer(1), at: 5, nil)
    #expect(long.digest == HeadsDigest(), "its end is not known yet")
    #expect(long.shown(writer(1)) == nil)
    long.cut(writer(1), at: 5, head(5, 5))
    #expect(long.digest == short.digest)
    #expect(long[writer(1)]?.sequence == 9)
    #expect(!long.isToBeCut(writer(1), at: 5))
    long.uncut(writer(1))
    short[writer(1)] = head(9, 9)
    #expect(long.digest == short.digest)
  }

  @Test func differencesAreWhatEitherHasMoreOrOtherwise() throws {
    let mine = Heads([writer(1): head(5), writer(2): head(2), writer(3): head(3), writer(5): head(1, 1)])
    let theirs = Heads([writer(1): head(5), writer(2): head(4), writer(4): head(1), writer(5): head(1, 2)])
    let comparison = try #require(Comparison(part: 0, of: 1, heads: theirs.all(inPart: 0, of: 1)))
    let differing = mine.differing(from: comparison)
    #expect(differing.map(\.writer) == [writer(2), writer(3), writer(4), writer(5)])
    #expect(differing.map(\.sequence) == [2, 3, 0, 1])
  }

  @Test func partsTogetherAreAllWriters() {
    let writers = (0..<300).map { SimulatedNotary(number: $0).node }
    let heads = Heads(
      Dictionary(uniqueKeysWithValues: writers.map { (WriterID(node: $0, epoch: 1), head(1)) }))
    let parts = (0..<8).map { heads.all(inPart: $0, of: 8) }
    #expect(Set(parts.joined().map(\.writer.node)) == Set(writers))
    #expect(parts.map(\.count).reduce(0, +) == 300)
    #expect(parts.allSatisfy { $0.count > 10 })
  }
}
