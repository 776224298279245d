import RegistryCore

/// What a client was told: that from now on a name stands for something, or for nothing.
struct Promise {
  let name: ClaimedName
  let value: [UInt8]?
  let place: Int
  /// When the client asked, and when it was told, in true time: that of a clock that is right.
  let begun: Int64
  let told: Int64
  /// How far the wall clock of the node was ahead when it told.
  let offset: Int64
  /// Since when the name had stood there for what it stood for before; `nil`: for nothing that was ever said.
  let stood: HybridTime?

  /// What is dated before this has lost to what was promised.
  ///
  /// A node dates what it says by `HybridTime.next`: not before its own wall clock, and after all that counts there. The
  /// clock showed `begun + offset` at least, and what the name stood for did count.
  var floor: HybridTime {
    let begun = HybridTime(milliseconds: begun + offset)
    return stood.map { max(begun, HybridTime(rawValue: $0.rawValue + 1)) } ?? begun
  }
}
