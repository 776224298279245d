import Configuration
import FleetCore
import FleetService
import Glibc
import RegistryCore

extension FleetDesk.Introduction {
  /// What a node says of itself, as its settings and its listeners have it.
  /// - Parameter ports: of the listeners in their order, where the kernel may have picked them.
  init(_ fleet: Settings.Fleet, ports: [UInt16]) throws(RegistryError) {
    let texts = fleet.advertise.isEmpty ? Self.addresses(fleet.listen, ports) : fleet.advertise
    var addresses: [MemberAddress] = []
    for text in texts {
      guard let address = MemberAddress(parsing: text) else {
        throw RegistryError(.unsupported, "fleet.advertise: others cannot dial '\(text)'")
      }
      if !addresses.contains(address) { addresses.append(address) }
    }
    guard !addresses.isEmpty else {
      throw RegistryError(
        .unsupported, "this machine has no address that other nodes can dial: set fleet.advertise to one")
    }
    guard let name = Self.name(fleet) else {
      throw RegistryError(.unsupported, "the machine's name is no name of a node: set fleet.name")
    }
    self.init(
      name: name, addresses: Array(addresses.prefix(MemberCard.addressLimit)),
      zone: fleet.zone.flatMap { Zone(parsing: $0) }, release: shoalVersion)
  }

  static func name(_ fleet: Settings.Fleet) -> NodeName? {
    if let name = fleet.name { return NodeName(parsing: name) }
    var room = [CChar](repeating: 0, count: 256)
    guard gethostname(&room, room.count - 1) == 0 else { return nil }
    return NodeName(parsing: String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  private static func addresses(_ listeners: [ListenAddress], _ ports: [UInt16]) -> [String] {
    var place = 0
    return listeners.flatMap { listener in
      listener.addresses.flatMap { address -> [String] in
        defer { place += 1 }
        let port = place < ports.count ? ports[place] : listener.port
        let hosts = ["0.0.0.0", "::"].contains(address) ? machineAddresses(ofIPv6: address == "::") : [address]
        return hosts.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" }
      }
    }
  }

  /// Those that other machines may reach, as far as this one can tell.
  private static func machineAddresses(ofIPv6 isSix: Bool) -> [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var found: [String] = []
    for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
      guard let entry, let address = entry.pointee.ifa_addr,
        Int32(address.pointee.sa_family) == (isSix ? AF_INET6 : AF_INET),
        entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      var room = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let length = isSix ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
      guard getnameinfo(address, socklen_t(length), &room, socklen_t(room.count), nil, 0, NI_NUMERICHOST) == 0 else {
        continue
      }
      let text = String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      // One with a scope means something on its own link alone.
      if !text.contains("%") { found.append(text) }
    }
    return found
  }
}
