import RegistryCore
import Wire

/// The operator's side of the fleet: what `shoal fleet` asks.
struct FleetRoutes: Sendable {
  let fleet: (any FleetOperations)?

  /// Far above any token.
  private static let tokenBytes = 16 << 10
  /// More than a policy may have, so that its reader says how much that is.
  private static let policyBytes = 512 << 10

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
    case (.get, "fleet/policy"): return .json(try await fleet.policy())
    case (.post, "fleet/policy"):
      return .json(
        try await fleet.set(
          policy: try await content(of: body, atMost: Self.policyBytes, "policy"), isForced: query["force"] != nil))
    case (.post, "fleet/leave"):
      return .lines(DepartureLines(departure: try await fleet.leave(isForced: query["force"] != nil)))
    case (.post, "fleet/remove"): return .json(try await fleet.remove(query["node"] ?? ""))
    default: return try await IssuerRoutes(fleet: fleet).respond(to: request, body, path, query)
    }
  }

  private func token(in body: any RequestBody) async throws(RegistryError) -> String {
    String(decoding: try await content(of: body, atMost: Self.tokenBytes, "invitation"), as: UTF8.self)
  }

  private func content(
    of body: any RequestBody, atMost limit: Int, _ thing: String
  ) async throws(RegistryError) -> [UInt8] {
    var bytes: [UInt8] = []
    do throws(BodyError) {
      while let piece = try await body.next() {
        bytes += piece
        if bytes.count > limit { break }
      }
    } catch {
      throw RegistryError(.unavailable, "the \(thing) did not arrive whole")
    }
    guard bytes.count <= limit else { throw RegistryError(.sizeInvalid, "this is no \(thing): it is too long") }
    return bytes
  }
}

private struct DepartureLines: LineSource {
  let departure: any FleetDeparture

  func next() async throws -> DepartureDocument? { try await departure.next() }
}
