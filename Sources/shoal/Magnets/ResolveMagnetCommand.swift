import Glibc
import RegistryCore
import SwarmTorrent

/// `shoal resolve-magnet`: what `MagnetChild` runs. It speaks to strangers, so it takes away from itself what it does not
/// need, prints a .torrent file, and ends.
struct ResolveMagnetCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  private static let addressSpaceBytes: rlim_t = 4 << 30
  private static let processorSeconds: rlim_t = 60
  private static let openFiles: rlim_t = 256
  private static let usualSeconds = 60

  func run() throws {
    let seconds = try invocation.count("seconds") ?? Self.usualSeconds
    // Should the node die, this ends soon by itself.
    alarm(UInt32(clamping: seconds) + 10)
    restrain()
    let link = try MagnetLink(parsing: invocation.argument)
    var resolution = MagnetResolution(infoHashes: link.infoHashes)
    resolution.trackers = link.trackers
    resolution.peers = link.peers + (invocation.values["peer"] ?? []).compactMap { PeerEndpoint(parsing: $0) }
    resolution.dht = !invocation.has("no-dht")
    resolution.dhtNodes = invocation.values["dht-node"] ?? []
    resolution.limitBytes = TorrentDocument.byteLimit - 16
    try write(try resolution.resolve(milliseconds: seconds * 1000))
  }

  /// No file grows, no core is dumped, and neither memory nor time is used up without end.
  private func restrain() {
    limit(RLIMIT_FSIZE, 0)
    limit(RLIMIT_CORE, 0)
    limit(RLIMIT_AS, Self.addressSpaceBytes)
    limit(RLIMIT_CPU, Self.processorSeconds)
    limit(RLIMIT_NOFILE, Self.openFiles)
  }

  /// What cannot be lowered stays: the node watches from outside as well.
  private func limit(_ resource: __rlimit_resource, _ most: rlim_t) {
    var limit = rlimit(rlim_cur: most, rlim_max: most)
    _ = setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
  }

  private func write(_ bytes: [UInt8]) throws(CommandFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      let code = errno
      if count < 0, code == EINTR { continue }
      guard count >= 0 else { throw CommandFailure(.failure, "the torrent cannot be written") }
      rest = rest.dropFirst(count)
    }
  }
}
