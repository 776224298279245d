/// What is tried on the head parser. Compiled together with the parser's own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted is accepted again with bytes behind it, no proper prefix of it is accepted, and
/// every offset lies within the head.
func fuzzHead(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let parser = HeadParser()
  guard let accepted = read(parser, bytes) else { return 0 }
  precondition(read(parser, bytes + [0, 1, 2]) == accepted, "bytes behind the head changed its reading")
  precondition(read(parser, Array(bytes[..<(accepted.byteCount - 1)])) == nil, "a head without its end was accepted")
  return 0
}

private struct Reading: Equatable {
  let byteCount: Int
  let fields: [FieldRange]
  let framing: RequestHead.Framing
}

private func read(_ parser: HeadParser, _ bytes: [UInt8]) -> Reading? {
  guard let head = try? parser.parse(bytes.span) else { return nil }
  precondition(head.byteCount <= bytes.count && head.path.end <= head.byteCount, "an offset lies outside")
  for field in head.fieldRanges {
    precondition(field.name.end < field.value.start + 1 && field.value.end < head.byteCount, "an offset lies outside")
    precondition(field.name.count > 0 && field.value.count >= 0, "a range is turned around")
  }
  return Reading(byteCount: head.byteCount, fields: head.fieldRanges, framing: head.framing)
}
