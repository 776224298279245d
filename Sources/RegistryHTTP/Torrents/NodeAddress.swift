import RegistryCore
import Wire

/// What this node is called in .torrent files and magnet links: the base of web seeds and of the tracker.
public struct NodeAddress: Sendable {
  /// `torrent.url`; wins over everything.
  public var url: String?
  /// `names`: what the registry is called on every node, the one to tell first first.
  public var names: [String] = []
  /// The base of the first listener, for whoever asks over the node's own socket.
  public var listener: @Sendable () -> String? = { nil }
  public var isSecure = false

  public init() {}

  /// As the client named the node; `nil` when he did not.
  func base(of request: Request) -> String? {
    if let url { return url }
    return told(request.fields["Host"]).flatMap { Self.base($0, isSecure: request.isSecure) }
  }

  /// - Parameter host: as somebody wrote it before an image's name.
  func base(host: String?) -> String? {
    url ?? told(host).flatMap { Self.base($0, isSecure: isSecure) } ?? listener()
  }

  /// Whoever used one of the registry's names is told that one, at the port where he found it; others the first.
  private func told(_ host: String?) -> String? {
    guard let first = names.first else { return host }
    guard let host else { return first }
    let called = host.lowercased()
    return names.contains { $0 == called || $0 == called.prefix { $0 != ":" } } ? host : first
  }

  /// A host that is written into a torrent is one: letters, digits and what addresses and ports are written with.
  private static func base(_ host: String, isSecure: Bool) -> String? {
    let isHost = host.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: ".-_:[]".utf8.contains(byte)
      }
    }
    return isHost && !host.isEmpty ? "\(isSecure ? "https" : "http")://\(host)" : nil
  }
}

/// Where a part of an image is under a node's base.
enum PartPath {
  static func blob(_ digest: Digest, _ repository: RepositoryName) -> String { "/v2/\(repository)/blobs/\(digest)" }

  static func manifest(_ digest: Digest, _ repository: RepositoryName) -> String {
    "/v2/\(repository)/manifests/\(digest)"
  }
}
