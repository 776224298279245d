/// Spoils heads in the ways that have confused parsers before.
struct HeadMutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private static let tokens = [
    "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", "\0", "\u{7F}", "\u{E9}", ",", ";", "?", "#", "/", "*", "%", "+",
    "-",
    "0", "18446744073709551616", "0x10", "Content-Length: 5\r\n", "Content-Length: 5, 5\r\n", "content-length:6\r\n",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: identity\r\n", "Host: other\r\n", " folded\r\n", "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/0.9", "http://a.example/", "GET ",
    "M-SEARCH ",
  ]

  mutating func next() -> [UInt8] {
    var bytes = Array(RealHeads.all[Int.random(in: 0..<RealHeads.all.count, using: &generator)].utf8)
    for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&bytes) }
    return bytes
  }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes[place] ^= 0x20
    case 2: bytes.remove(at: place)
    case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...16, using: &generator)))
    case 4: bytes.insert(contentsOf: token(), at: place)
    case 5, 6: bytes.insert(contentsOf: token(), at: lineStart(in: bytes, near: place))
    default: repeatLine(in: &bytes, near: place)
    }
  }

  private mutating func token() -> [UInt8] {
    Array(Self.tokens[Int.random(in: 0..<Self.tokens.count, using: &generator)].utf8)
  }

  private func lineStart(in bytes: [UInt8], near place: Int) -> Int {
    (bytes[..<place].lastIndex(of: 0x0A) ?? -1) + 1
  }

  private func repeatLine(in bytes: inout [UInt8], near place: Int) {
    let start = lineStart(in: bytes, near: place)
    let end = (bytes[place...].firstIndex(of: 0x0A) ?? bytes.count - 1) + 1
    bytes.insert(contentsOf: bytes[start..<end], at: end)
  }
}
