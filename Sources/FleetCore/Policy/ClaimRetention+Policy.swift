import RegistryCore

extension ClaimRetention {
  /// As the fleet's policy says.
  public init(_ rules: PolicyRules) {
    self.init()
    (tagEntries, losersDays) = (rules.historyEntries, Int64(rules.historyDays))
    tombstonesDays = Int64(rules.tombstoneDays)
  }
}
