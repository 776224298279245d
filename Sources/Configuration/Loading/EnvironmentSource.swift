/// Variables whose names start with `SHOAL_`. An empty one is none, as container tools write it; lists are separated by
/// commas.
struct EnvironmentSource {
  static let prefix = "SHOAL_"
  /// Names the file to read; not a key, since a file cannot say where it is.
  static let fileName = "SHOAL_CONFIG"

  private static let keys = Dictionary(uniqueKeysWithValues: SettingKey.all.map { ($0.environmentName, $0) })

  let variables: [String: String]

  var file: String? { variables[Self.fileName].flatMap { $0.isEmpty ? nil : $0 } }

  func apply(to draft: inout SettingsDraft) {
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) where name.hasPrefix(Self.prefix) {
      if name == Self.fileName || value.isEmpty { continue }
      guard let key = Self.keys[name] else {
        if Self.isServiceLink(name, value) { continue }
        let nearest = NearestName.of(name, among: Self.keys.keys.sorted() + [Self.fileName])
        draft.note(
          .environment(name), "no key has this name", advice: nearest.map { "did you mean \($0)?" } ?? "unset it")
        continue
      }
      draft.assign(key, Self.items(value, of: key).map { SettingItem(text: $0, place: .environment(name)) })
    }
  }

  private static func items(_ value: String, of key: SettingKey) -> [String] {
    guard key.shape == .list else { return [value] }
    return value.split(separator: ",", omittingEmptySubsequences: false).map { item in
      String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Kubernetes and Docker links put such variables beside a service that is called shoal: they are not meant for us.
  static func isServiceLink(_ name: String, _ value: String) -> Bool {
    if ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix) { return true }
    let words = name.split(separator: "_")
    func ends(_ pattern: [String?]) -> Bool {
      words.count > pattern.count - 1
        && zip(words.suffix(pattern.count), pattern).allSatisfy { word, wanted in
          wanted.map { $0 == word } ?? (UInt16(word) != nil)
        }
    }
    if ends(["SERVICE", "HOST"]) || ends(["SERVICE", "PORT"]) { return true }
    if let at = words.firstIndex(of: "SERVICE"), words[at...].dropFirst().first == "PORT" { return true }
    return ["TCP", "UDP", "SCTP"].contains { protocolName in
      ends(["PORT", nil, protocolName, "ADDR"]) || ends(["PORT", nil, protocolName, "PORT"])
        || ends(["PORT", nil, protocolName, "PROTO"])
    }
  }
}
