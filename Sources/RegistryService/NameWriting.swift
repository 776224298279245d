import RegistryCore

/// What a fleet has to do with this node's own writing of names.
public struct NameWriting: Sendable {
  private let check: @Sendable (RepositoryName) -> RegistryError?
  private let wrote: @Sendable () -> Void
  private let kept: @Sendable ([ImageName]) async throws(RegistryError) -> Void

  /// A node alone: it writes as it likes, and nobody waits to hear of it.
  public init() { self.init(refusal: { _ in nil }, wrote: {}) }

  /// - Parameters:
  ///   - refusal: why no name of a repository may be written now; `nil`: it may. Any thread; must not block.
  ///   - wrote: names were written. Any thread; must not block.
  ///   - kept: waits, where a push shall not be answered before, until others keep what it named. What it throws is the
  ///     client's answer; the push stays.
  public init(
    refusal: @escaping @Sendable (RepositoryName) -> RegistryError?, wrote: @escaping @Sendable () -> Void,
    kept: @escaping @Sendable ([ImageName]) async throws(RegistryError) -> Void = { _ throws(RegistryError) in }
  ) {
    (check, self.wrote, self.kept) = (refusal, wrote, kept)
  }

  func begin(in repository: RepositoryName) throws(RegistryError) {
    if let refusal = check(repository) { throw refusal }
  }

  func noteWritten() { wrote() }

  func waitUntilKept(_ images: [ImageName]) async throws(RegistryError) { try await kept(images) }
}
