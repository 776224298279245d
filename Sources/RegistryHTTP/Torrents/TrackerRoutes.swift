import Glibc
import RegistryCore
import RegistryService
import Wire

/// `/announce` (BEP 3, 7, 23). Trackers say what is wrong in the body of a 200: clients show it to their users.
struct TrackerRoutes: Sendable {
  let torrents: TorrentServices?

  func announce(_ request: Request) async throws(RegistryError) -> Response {
    guard let desk = torrents?.tracker else {
      throw RegistryError(.nameUnknown, "this node is no tracker (torrent.tracker)")
    }
    guard request.method == .get else { return .methodNotAllowed("GET") }
    guard case .network(let address, _) = request.peer else {
      return Self.answer(AnnounceRefusal("announce over the network").bencoded)
    }
    let query: AnnounceQuery
    do throws(AnnounceRefusal) {
      query = try AnnounceQuery(parsing: request.query ?? "")
    } catch {
      return Self.answer(error.bencoded)
    }
    let outcome = try await desk.announce(
      query, from: address, own: own(request), nowSeconds: Self.monotonicSeconds(), start: .random(in: 0 ... .max))
    switch outcome {
    case .success(let answer): return Self.answer(answer.bencoded)
    case .failure(let refusal): return Self.answer(refusal.bencoded)
    }
  }

  private func own(_ request: Request) -> PeerEndpoint? {
    guard let endpoint = torrents?.publicEndpoint() else { return nil }
    if let address = endpoint.address { return PeerEndpoint(address: address, port: endpoint.port) }
    guard case .network(let reached, _) = request.local else { return nil }
    return PeerEndpoint(address: reached, port: endpoint.port)
  }

  private static func answer(_ bytes: [UInt8]) -> Response {
    Response(
      status: 200, fields: Fields([("Content-Type", "text/plain"), ("Cache-Control", "no-store")]),
      body: .bytes(bytes))
  }

  private static func monotonicSeconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec)
  }
}
