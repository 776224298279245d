import FleetCore
import RegistryCore
import Testing

@Suite struct ForkTests {
  private var bench = FleetBench()

  @Test func onePairIsOneProofInWhicheverOrder() {
    let (one, other) = (bench.claim(1, sequence: 4, says: "a"), bench.claim(1, sequence: 4, says: "b"))
    #expect(ForkProof(one, other) == ForkProof(other, one))
    #expect(ForkProof(one, one) == nil)
    #expect(ForkProof(one, bench.claim(1, sequence: 5, says: "b")) == nil)
    #expect(ForkProof(one, bench.claim(2, sequence: 4, says: "b")) == nil)
    #expect(ForkProof(one, bench.claim(1, epoch: 2, sequence: 4, says: "b")) == nil)
    let resigned = SignedClaim(one.body, signature: [UInt8](repeating: 0, count: 64))!
    #expect(ForkProof(one, resigned) == nil, "a signature alone proves nothing")
  }

  @Test mutating func nothingCountsFromTheNumberThatWasUsedTwice() throws {
    try bench.admit(1)
    #expect(bench.directory.take(bench.fork(1, sequence: 9), notary: FleetBench.notary) == .new)
    #expect(bench.directory.nameRules.limit(of: WriterID(node: node(1), epoch: 1)) == 8)
    #expect(bench.directory.nameRules.limit(of: WriterID(node: node(1), epoch: 2)) == .max)
    #expect(bench.directory.take(bench.fork(1, sequence: 12), notary: FleetBench.notary) == .known)
    #expect(bench.directory.take(bench.fork(1, sequence: 5), notary: FleetBench.notary) == .new)
    #expect(bench.directory.nameRules.limit(of: WriterID(node: node(1), epoch: 1)) == 4)
    #expect(bench.directory.forks.count == 1)
  }

  @Test mutating func aProofNeverRaisesWhatARemovalLeft() throws {
    try bench.admit(1)
    try bench.remove(1, lastTaken: [1: 3])
    for (epoch, limit) in [Int64(1): Int64(3), 2: 0] {
      let proof = bench.fork(1, epoch: epoch, sequence: 9)
      #expect(bench.directory.take(proof, notary: FleetBench.notary) == .new)
      #expect(bench.directory.nameRules.limit(of: WriterID(node: node(1), epoch: epoch)) == limit)
    }
  }

  @Test mutating func nobodyIsAccusedWithoutHisSignature() throws {
    #expect(bench.directory.take(bench.fork(1, sequence: 2), notary: FleetBench.notary) == .refused(.stranger))
    try bench.admit(1)
    let honest = bench.claim(1, sequence: 2, says: "a")
    let forged = SignedClaim(
      bench.claim(1, sequence: 2, says: "b").body,
      signature: FleetBench.notary.sign(bench.claim(1, sequence: 2, says: "b").body.signedBytes, as: key(2)))!
    let proof = try #require(ForkProof(honest, forged))
    #expect(bench.directory.take(proof, notary: FleetBench.notary) == .refused(.forged))
    #expect(bench.directory.nameRules == NameRules())
  }

  @Test mutating func theEarliestProofsOfOneNodeAreKept() throws {
    try bench.admit(1)
    var reversed = bench.directory
    for epoch in 1...20 {
      let taking = bench.directory.take(bench.fork(1, epoch: Int64(epoch), sequence: 2), notary: FleetBench.notary)
      #expect(taking == (epoch <= 16 ? .new : .refused(.full)))
    }
    for epoch in (1...20).reversed() {
      #expect(reversed.take(bench.fork(1, epoch: Int64(epoch), sequence: 2), notary: FleetBench.notary) == .new)
    }
    #expect(reversed.forks == bench.directory.forks)
    #expect(reversed.digest == bench.directory.digest && reversed.summary == bench.directory.summary)
  }

  @Test func aProofComesBackAsItWasWritten() {
    let proof = bench.fork(1, sequence: 4)
    #expect(ForkProof(bytes: proof.bytes) == proof)
    let claims = proof.claims.map(\.bytes)
    let turned = "l\(claims[1].count):".utf8 + claims[1] + "\(claims[0].count):".utf8 + claims[0] + "e".utf8
    #expect(ForkProof(bytes: Array(turned)) == nil, "two spellings of one proof")
    for length in 0..<proof.bytes.count { #expect(ForkProof(bytes: proof.bytes.prefix(length)) == nil) }
    for text in ["le", "l1:ae", "l1:a1:be", "i1e", "d1:a1:be"] { #expect(ForkProof(bytes: Array(text.utf8)) == nil) }
  }
}
