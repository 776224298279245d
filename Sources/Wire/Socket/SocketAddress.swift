import CLinux
import Glibc

/// An address of the kernel's, of any family.
struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  init() {}

  init(_ info: addrinfo) {
    length = info.ai_addrlen
    withUnsafeMutableBytes(of: &storage) { storage in
      storage.copyMemory(from: UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
    }
  }

  /// `nil` when the path does not fit into a socket's address (107 bytes).
  init?(unixPath path: String) {
    var address = sockaddr_un()
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    withUnsafeMutableBytes(of: &storage) { storage in
      withUnsafeBytes(of: &address) { storage.copyMemory(from: $0) }
    }
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
  }

  /// An IPv4 or IPv6 address by its numbers; `nil`: it is none.
  init?(_ text: String, port: UInt16) {
    var (four, six) = (sockaddr_in(), sockaddr_in6())
    if inet_pton(AF_INET, text, &four.sin_addr) == 1 {
      four.sin_family = sa_family_t(AF_INET)
      set(four)
    } else if inet_pton(AF_INET6, text, &six.sin6_addr) == 1 {
      six.sin6_family = sa_family_t(AF_INET6)
      set(six)
    } else {
      return nil
    }
    self = withPort(port)
  }

  private mutating func set<Address>(_ address: Address) {
    withUnsafeMutableBytes(of: &storage) { storage in
      withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
    }
    length = socklen_t(MemoryLayout<Address>.size)
  }

  var family: Int32 { Int32(storage.ss_family) }

  mutating func withMutablePointer<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
    }
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  /// Sets the port of an IP address.
  func withPort(_ port: UInt16) -> SocketAddress {
    var copy = self
    withUnsafeMutableBytes(of: &copy.storage) { bytes in
      // In both families the port stands right behind the family.
      bytes.storeBytes(of: port.bigEndian, toByteOffset: MemoryLayout<sa_family_t>.size, as: UInt16.self)
    }
    return copy
  }

  var peer: PeerAddress {
    switch family {
    case AF_INET:
      read(sockaddr_in.self) { address in
        .network(address: Self.text(AF_INET, address.sin_addr), port: UInt16(bigEndian: address.sin_port))
      }
    case AF_INET6:
      read(sockaddr_in6.self) { address in
        let text = Self.text(AF_INET6, address.sin6_addr)
        let mapped = "::ffff:"
        let isMapped = text.hasPrefix(mapped) && text.contains(".")
        return .network(
          address: isMapped ? String(text.dropFirst(mapped.count)) : text, port: UInt16(bigEndian: address.sin6_port))
      }
    default: .local
    }
  }

  private func read<Address, Result>(_ type: Address.Type, _ body: (Address) -> Result) -> Result {
    withUnsafeBytes(of: storage) { body($0.loadUnaligned(as: type)) }
  }

  private static func text<Address>(_ family: Int32, _ address: Address) -> String {
    String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { buffer in
      withUnsafePointer(to: address) { address in
        buffer.withMemoryRebound(to: CChar.self) { text in
          guard inet_ntop(family, address, text.baseAddress, socklen_t(text.count)) != nil else { return 0 }
          return strlen(text.baseAddress!)
        }
      }
    }
  }
}
