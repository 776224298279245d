/// What a simulation can do wrong on purpose, to show that it would be found.
public enum PlantedFault: String, Hashable, Sendable, CaseIterable {
  /// A node does not take in that something is gone.
  case droppedTombstone
  /// A node lets claims count that are dated far ahead.
  case ignoredFence
  /// A node uses a number twice, though its disk was never lost.
  case reusedSequence
  /// A node names what is not on its disk yet.
  case nameBeforeBytes
  /// Nodes forget deletions of which not every member knows.
  case forgottenTombstone
  /// A node goes on taking a removed member at its word.
  case ignoredRules
  /// An issuer that puts a member out lets all count that it has of it, though not all is due.
  case undueClaimsOfTheRemoved
  /// Nodes acknowledge a push of what is named so already, and say nothing to the fleet.
  case silentRepush
}
