/// What is tried on the query of an announce. Compiled together with the core's own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted keeps to its bounds and is accepted no more when a field comes again.
func fuzzAnnounce(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  let query: AnnounceQuery
  do throws(AnnounceRefusal) {
    query = try AnnounceQuery(parsing: text)
  } catch {
    precondition(!error.reason.isEmpty && error.bencoded.last == UInt8(ascii: "e"), "a refusal that says nothing")
    return 0
  }
  precondition(query.infoHash.count == 20 && query.peerID.count == 20 && query.port > 0, "out of bounds")
  precondition(query.uploaded >= 0 && query.downloaded >= 0 && query.left >= 0, "less than nothing")
  precondition(0...AnnounceQuery.mostWanted ~= query.wanted, "more peers than any client is told of")
  precondition((try? AnnounceQuery(parsing: text + "&left=0")) == nil, "a field was taken twice")
  return 0
}
