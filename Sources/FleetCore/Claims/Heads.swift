import RegistryCore

/// Where each writer's log ends here, and as much of it as counts.
///
/// Of a writer whose log counts only up to a number (it forked, or was removed) the end is there, wherever it is on disk:
/// so nodes that hold different branches behind that number agree, and nobody fetches what does not count.
struct Heads: Sendable {
  private(set) var digest = HeadsDigest()
  private var held: [WriterID: ClaimHead] = [:]
  /// Of writers whose log is longer here than it counts: how far it does, and its end there.
  private var cuts: [WriterID: Cut] = [:]

  private struct Cut {
    let limit: Int64
    /// `nil`: not read yet, or nothing of it counts.
    let end: ClaimHead?
  }

  init(_ heads: [WriterID: ClaimHead] = [:]) {
    for (writer, head) in heads { self[writer] = head }
  }

  var count: Int { held.count }

  var writers: [WriterID] { held.keys.sorted { $0.precedes($1) } }

  /// As it is on disk.
  subscript(writer: WriterID) -> ClaimHead? {
    get { held[writer] }
    set { change(writer) { $0.held[writer] = newValue } }
  }

  /// As it is compared with others; `nil`: nothing of this writer counts here.
  func shown(_ writer: WriterID) -> WriterHead? {
    let head = if let cut = cuts[writer] { cut.end } else { held[writer] }
    guard let head, head.sequence > 0 else { return nil }
    return WriterHead(writer: writer, sequence: head.sequence, hash: head.hash.prefix)
  }

  /// Whether this is not known yet.
  func isToBeCut(_ writer: WriterID, at limit: Int64) -> Bool { cuts[writer]?.limit != limit }

  /// From now on a writer's log counts up to a number.
  /// - Parameter end: the claim there; `nil`: not known yet, or nothing of it counts.
  mutating func cut(_ writer: WriterID, at limit: Int64, _ end: ClaimHead?) {
    change(writer) { $0.cuts[writer] = Cut(limit: limit, end: end) }
  }

  mutating func uncut(_ writer: WriterID) {
    guard cuts[writer] != nil else { return }
    change(writer) { $0.cuts[writer] = nil }
  }

  private mutating func change(_ writer: WriterID, _ change: (inout Heads) -> Void) {
    if let shown = shown(writer) { digest.subtract(shown) }
    change(&self)
    if let shown = shown(writer) { digest.add(shown) }
  }

  func all(inPart part: Int64, of parts: Int64) -> [WriterHead] {
    held.keys.filter { Comparison.part(of: $0, among: parts) == part }.compactMap(shown)
  }

  func all(of node: NodeID) -> [WriterHead] {
    held.filter { $0.key.node == node }.map {
      WriterHead(writer: $0.key, sequence: $0.value.sequence, hash: $0.value.hash.prefix)
    }
  }

  /// Where another differs from what is here: what is here, with the number 0 where there is nothing.
  func differing(from other: Comparison) -> [WriterHead] {
    var missing = Dictionary(
      all(inPart: other.part, of: other.parts).map { ($0.writer, $0) }, uniquingKeysWith: { one, _ in one })
    var differing: [WriterHead] = []
    for head in other.heads {
      let mine = missing.removeValue(forKey: head.writer)
      if mine != head { differing.append(mine ?? WriterHead(writer: head.writer, sequence: 0, hash: 0)) }
    }
    differing += missing.values
    return Array(differing.sorted { $0.writer.precedes($1.writer) }.prefix(FleetLimits.headsInMessage))
  }
}

extension ClaimHash {
  var prefix: UInt64 { UInt64(bigEndian: bytes.prefix(8)) }
}

extension WriterID {
  /// An order, so that what is done for several writers is done in one.
  func precedes(_ other: WriterID) -> Bool {
    node == other.node ? epoch < other.epoch : node.bytes.lexicographicallyPrecedes(other.node.bytes)
  }
}
