/// Settings while sources are read, from the weakest to the strongest.
struct SettingsDraft {
  private(set) var settings = Settings()
  private(set) var problems: [ConfigurationProblem] = []
  private var places: [String: [Place]] = [:]

  mutating func assign(_ key: SettingKey, _ items: [SettingItem]) {
    let found = key.assign(&settings, items)
    problems += found
    if found.isEmpty { places[key.name] = items.map(\.place) }
  }

  /// The advice is not worked out for problems that nobody will see.
  mutating func note(_ place: Place, _ reason: String, advice: @autoclosure () -> String? = nil) {
    let isShown = problems.count < ConfigurationError.problemLimit
    problems.append(ConfigurationProblem(place, reason, advice: isShown ? advice() : nil))
  }

  /// Where the value of a key came from; of an item of a list, if it is known.
  func place(of key: String, item: Int = 0) -> Place {
    guard let places = places[key], !places.isEmpty else { return .builtIn }
    return places.indices.contains(item) ? places[item] : places[0]
  }
}
