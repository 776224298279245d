extension Settings {
  /// The settings of a node: option over environment over file over default.
  ///
  /// Reads the file: call it at start or on a thread that may block.
  /// - Parameters:
  ///   - file: as given by `--config`; `nil` takes the one that `SHOAL_CONFIG` names, or none.
  ///   - environment: all variables; those that do not start with `SHOAL_` are left alone.
  ///   - flags: values by the name of the option without its dashes (`listen`), `true` for one without a value.
  public static func load(
    file: String? = nil, environment: [String: String] = [:], flags: [String: [String]] = [:]
  ) throws(ConfigurationError) -> Settings {
    var draft = SettingsDraft()
    let environment = EnvironmentSource(variables: environment)
    if let path = file ?? environment.file { FileSource(path: path).apply(to: &draft) }
    environment.apply(to: &draft)
    apply(flags, to: &draft)
    return try draft.checked()
  }

  private static func apply(_ flags: [String: [String]], to draft: inout SettingsDraft) {
    for (name, values) in flags.sorted(by: { $0.key < $1.key }) {
      guard let key = SettingKey.all.first(where: { $0.flag == name }) else {
        draft.note(.flag(name), "no key has this option")
        continue
      }
      draft.assign(key, values.map { SettingItem(text: $0, place: .flag(name)) })
    }
  }
}

extension SettingsDraft {
  func checked() throws(ConfigurationError) -> Settings {
    var draft = self
    draft.checkAcrossKeys()
    guard draft.problems.isEmpty else { throw ConfigurationError(draft.problems.inOrderOfPlaces) }
    return draft.settings
  }
}

extension [ConfigurationProblem] {
  /// By lines within a file; otherwise as they were found.
  fileprivate var inOrderOfPlaces: [ConfigurationProblem] {
    enumerated().sorted { left, right in
      (left.element.order, left.offset) < (right.element.order, right.offset)
    }.map(\.element)
  }
}

extension ConfigurationProblem {
  fileprivate var order: Int {
    switch place {
    case .builtIn: 0
    case .file(_, let mark): mark?.line ?? 0
    case .environment, .flag: .max
    }
  }
}
