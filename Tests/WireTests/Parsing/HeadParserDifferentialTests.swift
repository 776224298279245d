import CHTTPParser
import Testing

@testable import Wire

/// Whatever we accept, the oracle accepts and reads the same way: two servers in a row would see the same request.
struct HeadParserDifferentialTests {
  @Test(arguments: [UInt64](1...8))
  func whatWeAcceptTheOracleReadsTheSameWay(seed: UInt64) {
    var mutator = HeadMutator(seed: seed)
    var accepted = 0
    for round in 0..<5_000 {
      let bytes = mutator.next()
      guard let ours = try? ParsedHead.read(bytes) else { continue }
      accepted += 1
      compare(ours, bytes, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    // A corpus of which nothing is accepted would prove nothing.
    #expect(accepted > 500, "seed \(seed)")
  }

  @Test func realHeadsAreReadTheSameWay() throws {
    for text in RealHeads.all {
      let ours = try #require(try ParsedHead.read(text))
      compare(ours, Array(text.utf8), "\(text.debugDescription)")
    }
  }

  private func compare(_ ours: ParsedHead, _ bytes: [UInt8], _ comment: Comment) {
    switch HeadOracle.read(Array(bytes.prefix(ours.byteCount))) {
    case .read(let oracles):
      #expect(ours.method == oracles.method, comment)
      #expect(ours.path == oracles.path, comment)
      #expect((ours.query ?? "") == (oracles.query ?? ""), comment)
      #expect(ours.fields == oracles.fields, comment)
      #expect(ours.framing == oracles.framing, comment)
      #expect(ours.isVersion11 == oracles.isVersion11, comment)
      // It lets HTTP/1.0 live on when told both to close and to keep alive; we close.
      let agrees = ours.keepsAlive == oracles.keepsAlive || !ours.isVersion11 && !ours.keepsAlive
      #expect(agrees, comment)
    case .unknownMethod:
      #expect(!Self.oracleMethods.contains(ours.method), comment)
    case .refused(let reason):
      Issue.record("the oracle refuses (\(reason)) what we accept: \(comment)")
    }
  }

  private static let oracleMethods: Set<String> = Set(
    (0..<34).map { String(cString: http_method_str(http_method(rawValue: $0))) })
}
