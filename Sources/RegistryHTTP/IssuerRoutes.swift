import RegistryCore
import Wire

/// The operator's side of the fleet's key: what `shoal fleet promote`, `demote`, `recover` and `recovery-file` ask.
struct IssuerRoutes: Sendable {
  let fleet: any IssuerOperations

  /// Far above any recovery file.
  private static let fileBytes = 64 << 10

  /// `nil`: it is about something else.
  func respond(
    to request: Request, _ body: any RequestBody, _ path: String, _ query: Query
  ) async throws(RegistryError) -> Response? {
    switch (request.method, path) {
    case (.post, "fleet/init/authority"): .json(try await fleet.found(by: try await file(in: body)))
    case (.post, "fleet/promote"): .json(try await fleet.promote(query["node"] ?? ""))
    case (.post, "fleet/demote"): .json(try await fleet.demote(query["node"] ?? ""))
    case (.get, "fleet/recovery"): .json(try await fleet.recoveryFile())
    case (.post, "fleet/recover"): .json(try await fleet.recover(try await file(in: body)))
    default: nil
    }
  }

  private func file(in body: any RequestBody) async throws(RegistryError) -> [UInt8] {
    var bytes: [UInt8] = []
    do throws(BodyError) {
      while let piece = try await body.next() {
        bytes += piece
        if bytes.count > Self.fileBytes { break }
      }
    } catch {
      throw RegistryError(.unavailable, "the recovery file did not arrive whole")
    }
    guard bytes.count <= Self.fileBytes else { throw RegistryError(.sizeInvalid, "this is no recovery file") }
    return bytes
  }
}
