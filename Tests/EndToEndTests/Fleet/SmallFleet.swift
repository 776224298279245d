import FoundationEssentials
import Glibc

/// A few real nodes on loopback, one fleet.
final class SmallFleet {
  let folder: TemporaryFolder
  private(set) var nodes: [String: ShoalNode] = [:]

  /// - Parameter names: the first founds the fleet, the others join.
  convenience init(_ names: String...) throws { try self.init(names) }

  init(_ names: [String]) throws {
    folder = try TemporaryFolder()
    for name in names { try start(name) }
    try Self.run(["fleet", "init", "--data", self[names[0]].data])
    for name in names.dropFirst() { try join(name, by: try invite(names[0])) }
  }

  /// With no node yet.
  init() throws { folder = try TemporaryFolder() }

  subscript(name: String) -> ShoalNode { nodes[name]! }

  /// Also again, after it was killed; then at another port.
  /// - Parameters:
  ///   - settings: over those that every node of it has.
  ///   - wrapper: words before the command.
  @discardableResult
  func start(
    _ name: String, called: String? = nil, fleetPort: UInt16 = 0, _ settings: [String: String] = [:],
    wrapper: [String] = []
  ) throws -> ShoalNode {
    var options = ShoalNode.Options()
    options.settings = ["fleet.listen": "127.0.0.1:\(fleetPort)", "fleet.name": called ?? name, "torrent.dht": "false"]
    options.settings.merge(settings) { $1 }
    options.wrapper = wrapper
    options.data = folder(name)
    let node = try ShoalNode(in: folder, options)
    nodes[name] = node
    return node
  }

  func invite(_ name: String) throws -> String {
    let command = try Self.run(["fleet", "invite", "--data", self[name].data])
    return command.output.trimmed
  }

  func found(_ name: String) throws { try Self.run(["fleet", "init", "--data", self[name].data]) }

  /// Whatever becomes of it.
  func command(_ words: String..., at name: String) throws -> ShoalCommand {
    try ShoalCommand(["fleet"] + words + ["--data", self[name].data])
  }

  struct Listing: Decodable {
    struct Member: Decodable {
      struct Twin: Decodable, Equatable {
        let epoch: Int64
        let number: Int64
      }

      let name: String
      let node: String
      let twins: [Twin]?
      let state: String
      let addresses: [String]
      let isIssuer: Bool
    }

    struct Certificate: Decodable {
      let endsAtSeconds: Int64
      let isOver: Bool
      let trouble: String?
    }

    let node: String
    let certificate: Certificate
    let members: [Member]

    var issuers: [String] { members.filter(\.isIssuer).map(\.name) }
  }

  /// The fleet as a node sees it.
  func listing(_ name: String) throws -> Listing {
    try Self.run(["fleet", "ls", "--json", "--data", self[name].data]).json(Listing.self)
  }

  func join(_ name: String, by token: String) throws {
    try Self.run(["fleet", "join", token, "--data", self[name].data])
  }

  @discardableResult
  static func run(_ arguments: [String]) throws -> ShoalCommand {
    let command = try ShoalCommand(arguments)
    guard command.code == 0 else { throw Trouble("\(arguments.prefix(2)): \(command.output)\(command.errors)") }
    return command
  }
}

extension String {
  /// Without the line's end.
  var trimmed: String { String(reversed().drop { $0.isWhitespace }.reversed()) }
}

extension ShoalNode {
  private struct Speaking: Decodable {
    let address: String
  }

  /// Where it listens for its fleet.
  func fleetPort() throws -> UInt16 {
    guard let line = process.errors.line(where: { $0.contains("listening for the fleet") }) else {
      throw Trouble("no fleet port: \(process.errors.text)")
    }
    let address = try JSONDecoder().decode(Speaking.self, from: Data(line.utf8)).address
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[colon...].dropFirst()) else {
      throw Trouble("no port in \(address)")
    }
    return port
  }

  /// Waits until it answers so.
  func answers(_ status: Int, to target: String, within patience: Duration = .seconds(120)) throws -> Bool {
    let connection = try connect()
    return try eventually(within: patience) { try connection.get(target).status == status }
  }
}
