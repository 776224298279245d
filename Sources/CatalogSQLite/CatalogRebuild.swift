import Glibc
import RegistryCore

/// A catalogue made anew beside the one that it will take the place of.
///
/// `begin`, fill `catalog` through its ports (link what blobs there are, publish what has its blobs, with the tags that were
/// salvaged), `finish`. Until then the old one stands untouched. The caller holds the data folder's lock all the while.
public struct CatalogRebuild: Sendable {
  /// The new catalogue, empty at first.
  public let catalog: SQLiteCatalog
  /// What could be read from the old one.
  public let salvage: Salvage

  private let path: String
  private let clock: any WallClock

  private static func unfinished(_ path: String) -> String { "\(path).rebuilding" }

  /// Reads what can be read from the old catalogue and opens an empty one beside it, in a later epoch. What an
  /// unfinished rebuild left behind is removed. Blocks.
  /// - Parameter fleet: that the node belongs to, where something better than the old catalogue says so.
  public static func begin(
    path: String, node: NodeID, notary: any ClaimNotary, clock: any WallClock, fleet: FleetID? = nil
  ) throws(RegistryError) -> CatalogRebuild {
    let salvage = SQLiteCatalog.salvage(path: path)
    try CatalogFiles.remove(unfinished(path))
    let catalog = try SQLiteCatalog.open(
      path: unfinished(path),
      by: Authorship(node: node, notary: notary, clock: clock, epochFloor: salvage.epoch, fleet: fleet ?? salvage.fleet)
    )
    return CatalogRebuild(catalog: catalog, salvage: salvage, path: path, clock: clock)
  }

  /// Takes over the wishes and the statements that were salvaged, closes the new catalogue and puts it in the old one's place.
  /// - Returns: where the old one is kept; `nil` when there was none.
  public func finish() async throws(RegistryError) -> String? {
    for (digest, wish) in salvage.wishes { try await catalog.set(wish, for: digest) }
    try await catalog.keep(salvage.statements)
    await catalog.close()
    let (unfinished, path, now) = (Self.unfinished(path), path, clock.millisecondsSince1970)
    let result: Result<String?, RegistryError> = await onOwnThread(named: "catalog-swap") {
      do throws(RegistryError) {
        return .success(try CatalogFiles.swap(unfinished, into: path, milliseconds: now))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Drops the new catalogue; the old one stays.
  public func abandon() async throws(RegistryError) {
    await catalog.close()
    try CatalogFiles.remove(Self.unfinished(path))
  }
}
