/// What is tried on magnet links. Compiled together with the core's own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted has a hash, keeps to its bounds, and is the same link when it is written and read
/// again.
func fuzzMagnet(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  guard let link = try? MagnetLink(parsing: text) else { return 0 }
  precondition(1...2 ~= link.infoHashes.count && link.peers.count <= MagnetLink.peerLimit, "out of bounds")
  precondition(link.peers.allSatisfy { $0.compact != nil }, "a peer without an address")
  precondition(link.name?.isOneLine ?? true, "a name that a terminal obeys")
  let written = link.description
  precondition(written.utf8.allSatisfy { 0x21...0x7e ~= $0 }, "a link that is no URI")
  precondition((try? MagnetLink(parsing: written)) == link, "another link when it is read again")
  return 0
}
