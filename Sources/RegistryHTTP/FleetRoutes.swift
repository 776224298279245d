import RegistryCore
import Wire

/// The operator's side of the fleet: what `shoal fleet` asks.
struct FleetRoutes: Sendable {
  let fleet: (any FleetOperations)?

  /// Far above any token.
  private static let tokenBytes = 16 << 10

  /// `nil`: it is not about the fleet.
  func respond(
    to request: Request, _ body: any RequestBody, _ path: String, _ query: Query
  ) async throws(RegistryError) -> Response? {
    guard let fleet else { return nil }
    switch (request.method, path) {
    case (.get, "fleet"): return .json(try await fleet.fleet())
    case (.post, "fleet/init"): return .json(try await fleet.found())
    case (.post, "fleet/invite"): return .json(try await fleet.invite())
    case (.post, "fleet/join"):
      return .json(try await fleet.join(try await token(in: body), names: query["names"]))
    default: return try await IssuerRoutes(fleet: fleet).respond(to: request, body, path, query)
    }
  }

  private func token(in body: any RequestBody) async throws(RegistryError) -> String {
    var bytes: [UInt8] = []
    do throws(BodyError) {
      while let piece = try await body.next() {
        bytes += piece
        if bytes.count > Self.tokenBytes { break }
      }
    } catch {
      throw RegistryError(.unavailable, "the invitation did not arrive whole")
    }
    guard bytes.count <= Self.tokenBytes else { throw RegistryError(.sizeInvalid, "this is no invitation") }
    return String(decoding: bytes, as: UTF8.self)
  }
}
