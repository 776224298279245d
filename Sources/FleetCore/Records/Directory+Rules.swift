import RegistryCore

extension Directory {
  /// What the fleet has decided about names, from its policy, from removals, and from proofs that a writer used a number
  /// twice. Compare it with what it was after every new record: whatever differs is to be derived anew.
  public var nameRules: NameRules {
    var rules = policy.nameRules
    for node in restricted {
      guard let file = files[node] else { continue }
      let membership = file.statement
      if membership?.isMember == false { rules.removed.insert(node) }
      for (epoch, last) in membership?.limits ?? [:] { rules.limits[WriterID(node: node, epoch: epoch)] = last }
      for fork in file.forks {
        let writer = fork.proof.writer
        rules.limits[writer] = min(rules.limit(of: writer), fork.proof.sequence - 1)
      }
    }
    return rules
  }
}
