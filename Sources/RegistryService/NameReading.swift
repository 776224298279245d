import RegistryCore

/// What a fleet has to do with this node's reading of names: one that has heard no member for a while asks before it
/// answers what a name stands for.
public struct NameReading: Sendable {
  /// What the answer is made of: a fleet may decide otherwise for each, when nobody can be asked.
  public enum Subject: Sendable {
    case tags
    /// Which repositories, tags and referrers there are.
    case catalogue
  }

  private let isFresh: @Sendable () -> Bool
  private let freshen: @Sendable (Subject) async -> RegistryError?

  /// A node alone: nobody knows better.
  public init() { self.init(isFresh: { true }, freshen: { _ in nil }) }

  /// - Parameters:
  ///   - isFresh: whether this node has compared what it knows with a member lately. Asked for each request: any thread,
  ///     for nanoseconds.
  ///   - freshen: asks members, for a moment. What it returns is why nothing can be answered; `nil`: what is known is.
  public init(
    isFresh: @escaping @Sendable () -> Bool, freshen: @escaping @Sendable (Subject) async -> RegistryError?
  ) {
    (self.isFresh, self.freshen) = (isFresh, freshen)
  }

  /// Before an answer is looked up.
  public func begin(_ subject: Subject) async throws(RegistryError) {
    if isFresh() { return }
    if let refusal = await freshen(subject) { throw refusal }
  }

  /// After nothing was found under a digest, which never stands for something else.
  /// - Returns: whether it is worth looking again.
  func again() async -> Bool {
    if isFresh() { return false }
    _ = await freshen(.catalogue)
    return true
  }
}
