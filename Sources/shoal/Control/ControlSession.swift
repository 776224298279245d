import BlobStoreDisk
import Configuration
import FoundationEssentials
import Glibc
import RegistryCore
import RegistryHTTP
import Telemetry
import Wire

/// A command's line to the data folder: the running node's socket, or, when none runs, a node made for the command, with
/// the folder's lock and no listener but a socket of its own. One way of asking, and never two writers of one database.
final class ControlSession {
  private let client: ControlClient
  private let own: (node: Node, server: HTTPServer)?

  private init(client: ControlClient, own: (node: Node, server: HTTPServer)?) {
    self.client = client
    self.own = own
  }

  /// How long a command waits for other commands that have the folder to themselves one after the other.
  private static let patience = Duration.seconds(10)

  /// - Parameter makes: whether a data folder is made where there is none.
  static func open(_ settings: Settings, makes: Bool = false) throws(CommandFailure) -> ControlSession {
    let layout = DiskLayout(root: settings.data)
    guard makes || access(layout.lock, F_OK) == 0 else {
      throw CommandFailure(
        .unreachable, "there is no data folder of a node at \(settings.data); name it with --data DIR")
    }
    let deadline = ContinuousClock.now + patience
    while true {
      if let session = try running(layout) { return session }
      do {
        return try openOwn(settings)
      } catch let error as RegistryError where error.code == .unavailable && ContinuousClock.now < deadline {
        waitAMoment()
      } catch {
        throw CommandFailure(.unreachable, error.shown)
      }
    }
  }

  /// What clients call the registry, as the node that runs knows it; none runs, or it does not say: nothing.
  static func names(_ settings: Settings) -> [String] {
    let client = ControlClient(socket: DiskLayout(root: settings.data).controlSocket)
    // Whatever is wrong, the question that follows meets it too and tells.
    guard let answer = try? client.ask("GET", "/operator/v1/node"), answer.status == 200 else { return [] }
    return (try? JSONDecoder().decode(NodeDocument.self, from: Data(answer.body)))?.names ?? []
  }

  /// `nil`: no node runs.
  private static func running(_ layout: DiskLayout) throws(CommandFailure) -> ControlSession? {
    let client = ControlClient(socket: layout.controlSocket)
    do {
      _ = try client.ask("GET", "/operator/v1/node")
      return ControlSession(client: client, own: nil)
    } catch ControlFailure.nobody {
      return nil
    } catch {
      throw CommandFailure(.unreachable, "the node's socket does not answer: \(error.shown)")
    }
  }

  private static func openOwn(_ settings: Settings) throws -> ControlSession {
    let node = try Node.open(settings, Logger.silent)
    do {
      let identity = NodeDocument(
        version: shoalVersion, pid: getpid(), data: settings.data, names: settings.names)
      let handler = RegistryHandler(
        node.registry, torrents: TorrentServices(node, settings), fleet: node.fleet, node: identity,
        metrics: MetricsRegistry(), work: node.work, log: Logger.silent)
      let socket = node.folder.layout.commandSocket
      let server = try HTTPServer(configuration: .init(listeners: [.unix(path: socket)], loops: 1), handler: handler)
      return ControlSession(client: ControlClient(socket: socket), own: (node, server))
    } catch {
      waitFor { await node.close() }
      throw error
    }
  }

  func close() {
    guard let own else { return }
    waitFor {
      await own.server.stop(within: .seconds(1))
      await own.node.close()
    }
  }

  /// For what only a running node does: a node made for the command moves nothing, and keeps the real one from the
  /// folder as long as it is there.
  func needNode(
    _ reason: String = "torrents move while the node runs; start it with: shoal serve"
  ) throws(CommandFailure) {
    guard own == nil else { throw CommandFailure(.unreachable, reason) }
  }

  // MARK: - Questions

  func get<Document: Decodable>(_ path: String, _ parameters: [(String, String?)] = []) throws(CommandFailure)
    -> Document
  {
    try document("GET", path, parameters)
  }

  func post<Document: Decodable>(
    _ path: String, _ parameters: [(String, String?)], sending content: [UInt8]? = nil
  ) throws(CommandFailure) -> Document {
    try document("POST", path, parameters, sending: content)
  }

  /// Not JSON.
  func bytes(_ path: String, _ parameters: [(String, String?)]) throws(CommandFailure) -> [UInt8] {
    try ask("GET", path, parameters, nil)
  }

  /// Where the answer is nothing but that it was done.
  /// - Parameter whileWaiting: for what may take long and tells nothing before it is done.
  func order(
    _ path: String, _ parameters: [(String, String?)], whileWaiting: (() -> Void)? = nil
  ) throws(CommandFailure) {
    _ = try ask("POST", path, parameters, whileWaiting: whileWaiting, nil)
  }

  func delete(_ path: String, _ parameters: [(String, String?)]) throws(CommandFailure) {
    _ = try ask("DELETE", path, parameters, nil)
  }

  func lines(
    _ method: String, _ path: String, _ parameters: [(String, String?)], sending content: [UInt8]? = nil,
    _ body: @escaping ([UInt8]) throws -> Void
  ) throws(CommandFailure) {
    _ = try ask(method, path, parameters, sending: content, body)
  }

  private func document<Document: Decodable>(
    _ method: String, _ path: String, _ parameters: [(String, String?)], sending content: [UInt8]? = nil
  ) throws(CommandFailure) -> Document {
    let body = try ask(method, path, parameters, sending: content, nil)
    do {
      return try JSONDecoder().decode(Document.self, from: Data(body))
    } catch {
      throw CommandFailure(.failure, "the node's answer cannot be read; is it of another release?")
    }
  }

  private func ask(
    _ method: String, _ path: String, _ parameters: [(String, String?)], sending content: [UInt8]? = nil,
    whileWaiting: (() -> Void)? = nil, _ eachLine: (([UInt8]) throws -> Void)?
  ) throws(CommandFailure) -> [UInt8] {
    let query = parameters.compactMap { name, value in value.map { "\(name)=\(Query.encode($0))" } }
    let target = "/operator/v1/\(path)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    let answer: ControlClient.Answer
    do {
      answer = try client.ask(method, target, body: content, whileWaiting: whileWaiting, eachLine: eachLine)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.unreachable, "the node stopped answering: \(error.shown)")
    }
    guard answer.status < 300 else { throw CommandFailure(answer) }
    return answer.body
  }
}

/// Why a command ends without having done its work: what to say, and the exit code.
struct CommandFailure: Error {
  let code: ExitCode
  let message: String

  init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  /// What the node said.
  init(_ answer: ControlClient.Answer) {
    let document = try? JSONDecoder().decode(ErrorDocument.self, from: Data(answer.body))
    self.init(.failure, document?.errors.first?.message ?? "the node answered \(answer.status)")
  }
}

extension Error {
  /// In words for people.
  var shown: String {
    switch self {
    case let error as RegistryError: error.message
    case let error as ControlFailure: error.reason
    default: "\(self)"
    }
  }
}
