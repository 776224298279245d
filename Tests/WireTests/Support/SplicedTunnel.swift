import BlockingWork
import OpenSSLKit

@testable import Wire

/// A server whose taker splices every stream with one plain connection after the other, and a stream that was dialled to it
/// from its own loops.
final class SplicedTunnel: Sendable {
  let server: HTTPServer
  let stream: SecureStream
  /// How the taker's splices ended.
  let endings = Lock<[SpliceEnding]>([])
  let meter = StreamMeter()
  private let waiting = Lock<[PlainSocket]>([])

  static func open(_ fleet: Fleet, patience: Duration = .seconds(60)) async throws -> SplicedTunnel {
    let desk = Desk()
    let taker = ClosureTaker { stream in
      while true {
        _ = try await stream.receive(1, within: .seconds(60))
        guard let (tunnel, plain) = desk.next() else { return }
        let ending = await stream.splice(
          with: plain, framed: PairFraming(), halfOpenPatience: patience, meter: tunnel.meter)
        tunnel.endings.withLock { $0.append(ending) }
        guard ending == .whole else { return }
      }
    }
    let configuration = HTTPServer.Configuration(
      listeners: [.tcp(host: "127.0.0.1", port: 0, tls: fleet.tls)], loops: 2, diskThreads: 1,
      takers: [echoProtocol: taker])
    let server = try HTTPServer(configuration: configuration, handler: ClosureHandler.whoAmI())
    do {
      let stream = try await dial(server, fleet, server.addresses[0])
      let tunnel = SplicedTunnel(server, stream)
      desk.tunnel.withLock { $0 = tunnel }
      return tunnel
    } catch {
      await server.stop(within: .zero)
      throw error
    }
  }

  private init(_ server: HTTPServer, _ stream: SecureStream) { (self.server, self.stream) = (server, stream) }

  /// Whom the taker asks for what to splice.
  private final class Desk: Sendable {
    let tunnel = Lock<SplicedTunnel?>(nil)

    func next() -> (SplicedTunnel, PlainSocket)? {
      guard let tunnel = tunnel.withLock(\.self) else { return nil }
      return tunnel.waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }.map { (tunnel, $0) }
    }
  }

  static func dial(
    _ server: HTTPServer, _ fleet: Fleet, _ place: PeerAddress, expecting identity: [UInt8]? = nil,
    within patience: Duration = .seconds(60)
  ) async throws -> SecureStream {
    let context = try TLSClientContext(
      try fleet.member("dialler").credentials, trust: .authority(fleet.authority.certificate),
      protocols: [echoProtocol])
    return try await server.streams.dial(
      place, with: context, expecting: identity ?? fleet.server.identity, speaking: echoProtocol, within: patience)
  }

  /// Carries one connection between the pairs; returns how it ended at the dialling end.
  func carry(_ near: PlainSocket, _ far: PlainSocket, patience: Duration = .seconds(60)) async throws -> SpliceEnding {
    waiting.withLock { $0.append(far) }
    try await stream.send([1], within: .seconds(60))
    return await stream.splice(with: near, framed: PairFraming(), halfOpenPatience: patience)
  }

  func close() async {
    stream.close()
    await server.stop(within: .zero)
  }
}
