import FleetCore
import FleetService
import RegistryCore
import RegistryService

/// Why a member that has heard nobody for a while does not answer what a name stands for, where its fleet wants that.
enum ReadRefusal {
  /// `nil`: it answers what it knows.
  static func of(_ subject: NameReading.Subject, _ view: FleetView) -> RegistryError? {
    let rules = view.directory.policy.rules
    let choice =
      switch subject {
      case .tags: rules.tagsWhenBehind
      case .catalogue: rules.catalogueWhenBehind
      }
    guard choice == .refuse else { return nil }
    return RegistryError(
      .unavailable,
      "this node has not heard its fleet lately, and by the fleet's policy it does not answer then: ask another")
  }
}
