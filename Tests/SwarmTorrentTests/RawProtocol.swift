import RegistryCore

/// The peer protocol (BEP 3, 6, 10, 52) by hand, as far as tests need it.
enum PeerMessage: UInt8 {
  case unchoke = 1
  case interested = 2
  case request = 6
  case piece = 7
  case haveAll = 14
  case extended = 20
  case hashRequest = 21
  case hashes = 22
  case hashReject = 23
}

extension RawPeer {
  private static let greeting = [19] + Array("BitTorrent protocol".utf8)

  /// - Parameter number: two peers of one number are one to whoever meets them.
  func sendHandshake(_ hash: InfoHash, as name: String = "-XX0000-", number: UInt16 = 0) throws {
    // The extension protocol, the fast extension, version 2.
    let reserved: [UInt8] = [0, 0, 0, 0, 0, 0x10, 0, hash.version == .v2 ? 0x14 : 0x04]
    try send(Self.greeting + reserved + hash.short + Array(name.utf8) + Self.digits(of: number))
  }

  /// Twelve bytes, as the rest of a peer's name.
  private static func digits(of number: UInt16) -> [UInt8] {
    let text = "\(number)"
    return Array((String(repeating: "0", count: 12 - text.count) + text).utf8)
  }

  /// - Returns: the info hash that the other side names; it may close instead.
  func readHandshake() async throws -> [UInt8] {
    let bytes = try await read(68)
    guard bytes.count == 68, Array(bytes.prefix(20)) == Self.greeting else {
      throw TestFailure("no handshake but \(bytes.count) bytes")
    }
    return Array(bytes[28..<48])
  }

  func send(_ message: PeerMessage, _ payload: [UInt8] = []) throws {
    try send(bigEndian(payload.count + 1) + [message.rawValue] + payload)
  }

  /// The next message that is no keep-alive.
  func readMessage(within seconds: Int = 60) async throws -> (id: UInt8, payload: [UInt8]) {
    while true {
      let head = try await read(4, within: seconds)
      guard head.count == 4 else { throw TestFailure("the peer has gone") }
      let length = number(head[...])
      if length == 0 { continue }
      let bytes = try await read(length, within: seconds)
      guard bytes.count == length, let id = bytes.first else { throw TestFailure("the peer has gone") }
      return (id, Array(bytes.dropFirst()))
    }
  }

  /// The text of the extension handshake.
  func readExtensions() async throws -> String {
    while true {
      let (id, payload) = try await readMessage()
      if id == PeerMessage.extended.rawValue, payload.first == 0 { return String(decoding: payload, as: UTF8.self) }
    }
  }
}

func bigEndian(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }

func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
