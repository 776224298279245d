import RegistryCore

/// In whose name a catalogue is opened.
struct Authorship: Sendable {
  let node: NodeID
  /// Signs as `node`.
  let notary: any ClaimNotary
  let clock: any WallClock
  /// A catalogue made now has an epoch above this: that of the one whose place it takes.
  var epochFloor: Int64 = 0
  /// A catalogue made now writes its log in this fleet.
  var fleet = FleetID.none
}
