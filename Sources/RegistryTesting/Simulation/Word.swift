import RegistryCore

/// What a node answers a client who names or deletes something.
struct Word {
  let name: ClaimedName
  let value: [UInt8]?
  let stood: HybridTime?
  /// The name stands for that already.
  let isSo: Bool
  /// It is said to the fleet (again).
  let isClaimed: Bool
}
