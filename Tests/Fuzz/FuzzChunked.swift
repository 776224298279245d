/// What is tried on the chunked decoder. Compiled together with the decoder's own files by `Tests/Fuzz/run`.
///
/// The first byte says where the rest is cut in two: the verdict and the body must not depend on it.
func fuzzChunked(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  let cut = Int(start[0]) * bytes.count / 255
  let whole = decode([bytes])
  let halves = decode([Array(bytes[..<cut]), Array(bytes[cut...])])
  precondition(whole == halves, "where the input is cut made a difference")
  return 0
}

private struct Outcome: Equatable {
  var body: [UInt8] = []
  var isAtEnd = false
  var error: ChunkedDecoder.Malformed?
}

private func decode(_ pieces: [[UInt8]]) -> Outcome {
  var decoder = ChunkedDecoder()
  var outcome = Outcome()
  do throws(ChunkedDecoder.Malformed) {
    for piece in pieces {
      var cursor = 0
      while case .data(let count) = try decoder.step(piece.span, &cursor) {
        outcome.body += piece[(cursor - count)..<cursor]
      }
    }
    outcome.isAtEnd = decoder.isAtEnd
  } catch {
    outcome.error = error
  }
  return outcome
}
