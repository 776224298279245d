import Glibc

/// Where a listener listens: `HOST:PORT`. The host is an address, `localhost` (127.0.0.1) or `*` (every address of the
/// machine); other names are refused, since what they mean is decided elsewhere and may change between two starts.
public struct ListenAddress: Hashable, Sendable {
  public static let usual = ListenAddress(host: "127.0.0.1", port: 5000)

  /// Every address of the machine.
  static func everywhere(_ port: UInt16) -> ListenAddress { ListenAddress(host: "*", port: port) }

  /// An address in its shortest spelling, IPv6 without brackets, or `*`.
  public let host: String
  /// 0: the kernel picks one.
  public let port: UInt16

  private init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

  init(parsing text: String) throws(ValueProblem) {
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
      throw ValueProblem("'\(Shown(text))' has no port", advice: "write HOST:PORT, for example 127.0.0.1:5000")
    }
    let (host, port) = (String(text[..<colon]), text[text.index(after: colon)...])
    guard !port.isEmpty, port.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let port = UInt16(port)
    else {
      throw ValueProblem(
        "'\(Shown(String(port)))' is no port", advice: "a port is a number from 0 to 65535, and 0 lets the kernel pick")
    }
    self.host = try Self.canonical(host)
    self.port = port
  }

  /// What to bind, each socket by itself (IPv6 sockets take IPv6 only). On a machine without IPv6 `::` may be left out.
  public var addresses: [String] { host == "*" ? ["0.0.0.0", "::"] : [host] }

  /// Only this machine can reach it.
  public var isLoopback: Bool { host == "::1" || (host.hasPrefix("127.") && !host.contains(":")) }

  func overlaps(_ other: ListenAddress) -> Bool {
    port == other.port && port != 0 && !Set(addresses).isDisjoint(with: other.addresses)
  }

  private static func canonical(_ host: String) throws(ValueProblem) -> String {
    if host == "*" { return host }
    if host == "localhost" { return "127.0.0.1" }
    if host.hasPrefix("["), host.hasSuffix("]"), let six = canonical(String(host.dropFirst().dropLast()), AF_INET6) {
      return six
    }
    if let four = canonical(host, AF_INET) { return four }
    if host.isEmpty {
      throw ValueProblem("no host stands before the port", advice: "write *:PORT to listen on every address")
    }
    if canonical(host, AF_INET6) != nil {
      throw ValueProblem("an IPv6 address needs brackets", advice: "write [\(host)]:PORT")
    }
    throw ValueProblem(
      "'\(Shown(host))' is no address", advice: "write an IP address (IPv6 in brackets), localhost, or * for all")
  }

  private static func canonical(_ text: String, _ family: Int32) -> String? {
    var address = in6_addr()
    guard inet_pton(family, text, &address) == 1 else { return nil }
    var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, &address, &room, socklen_t(room.count)) != nil else { return nil }
    return String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension ListenAddress: CustomStringConvertible {
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
