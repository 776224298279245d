/// libFuzzer's entry into what reads torrents, and what members tell each other. One program for all of it, since building
/// takes longer than trying.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { target(start, count) }

private let target = fuzzTarget([
  "announce": fuzzAnnounce, "card": fuzzCard, "join": fuzzJoin, "locate": fuzzLocate, "magnet": fuzzMagnet,
  "message": fuzzMessage, "policy": fuzzPolicy, "record": fuzzRecord, "token": fuzzToken, "torrent": fuzzTorrent,
  "tunnel": fuzzTunnel,
])
