import Glibc
import RegistryCore

/// `HOST:PORT` of a peer, where the host may be a name: names are looked up here, at the command line, and the node is told
/// addresses alone.
enum PeerLookup {
  static func endpoints(of text: String) throws -> [PeerEndpoint] {
    if let endpoint = PeerEndpoint(parsing: text) { return [endpoint] }
    let advice = "write ADDRESS:PORT, for example 192.0.2.7:6881 or [2001:db8::7]:6881"
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      throw UsageError("'\(TerminalText.safe(text))' is no peer", advice: advice)
    }
    let addresses = addresses(of: String(text[..<colon]))
    guard !addresses.isEmpty else {
      throw UsageError("the host of peer '\(TerminalText.safe(text))' has no address", advice: advice)
    }
    return addresses.map { PeerEndpoint(address: $0, port: port) }
  }

  private static func addresses(of host: String) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [String] = []
    var entry = list
    while let info = entry {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = getnameinfo(
        info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if code == 0, !found.contains(address) { found.append(address) }
      entry = info.pointee.ai_next
    }
    return found
  }
}
