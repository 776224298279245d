/// What a node was told and must not forget over a restart: small values under a shelf and a key. What is in them is their
/// owner's to know.
///
/// Contract, checked by `StatementsContract`: `keep` is one transaction, durable on return; what is kept under a key takes the
/// place of what was.
public protocol Statements: Sendable {
  func all(on shelf: StatementShelf) async throws(RegistryError) -> [Statement]

  func keep(_ changes: [StatementChange]) async throws(RegistryError)
}

public enum StatementShelf: Int64, Hashable, Sendable, CaseIterable {
  /// What the fleet's key has signed.
  case record = 1
  /// Proofs that a writer used a number twice.
  case fork = 2
  /// What members say of themselves.
  case card = 3
  /// Invitations that this node made.
  case invite = 4
}

public struct Statement: Hashable, Sendable {
  public let key: [UInt8]
  public let value: [UInt8]

  public init(key: [UInt8], value: [UInt8]) {
    (self.key, self.value) = (key, value)
  }
}

public struct StatementChange: Hashable, Sendable {
  public let shelf: StatementShelf
  public let key: [UInt8]
  /// `nil`: taken away.
  public let value: [UInt8]?

  public init(_ shelf: StatementShelf, key: [UInt8], value: [UInt8]?) {
    (self.shelf, self.key, self.value) = (shelf, key, value)
  }
}
