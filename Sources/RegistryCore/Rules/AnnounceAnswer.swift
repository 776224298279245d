/// What a tracker answers to an announce (BEP 3), the peers in the compact form (BEP 23, and 7 for IPv6).
public struct AnnounceAnswer: Hashable, Sendable {
  /// Seconds until the client should announce again, and must wait at least.
  public let interval: Int
  public let leastInterval: Int
  /// Seeds, and the others.
  public let complete: Int
  public let incomplete: Int
  public let peers: [PeerEndpoint]

  public init(interval: Int, leastInterval: Int, complete: Int, incomplete: Int, peers: [PeerEndpoint]) {
    self.interval = interval
    self.leastInterval = leastInterval
    self.complete = complete
    self.incomplete = incomplete
    self.peers = peers
  }

  /// A peer whose address is none is left out.
  public var bencoded: [UInt8] {
    let compact = peers.compactMap(\.compact)
    var answer: [BencodeValue.Key: BencodeValue] = [
      "complete": .integer(Int64(complete)),
      "incomplete": .integer(Int64(incomplete)),
      "interval": .integer(Int64(interval)),
      "min interval": .integer(Int64(leastInterval)),
      // Also when it is empty: clients take an answer without it for a failure.
      "peers": .bytes(Array(compact.filter { $0.count == 6 }.joined())),
    ]
    let sixes = compact.filter { $0.count == 18 }
    if !sixes.isEmpty { answer["peers6"] = .bytes(Array(sixes.joined())) }
    return BencodeValue.dictionary(answer).encoded
  }
}
