/// The names of the table, as somebody may have meant them.
enum SettingNames {
  /// `http`, `http.tls`, …
  static let sections: Set<String> = {
    var sections: Set<String> = []
    for key in SettingKey.all {
      var name = key.section
      while let section = name {
        sections.insert(section)
        name = section.lastIndex(of: ".").map { String(section[..<$0]) }
      }
    }
    return sections
  }()

  private static let all = SettingKey.all.map(\.name) + sections.sorted()

  /// What stands directly below a section, or (`nil`) at the top, in the order of the table.
  static func children(of section: String?) -> [String] {
    let prefix = section.map { "\($0)." } ?? ""
    var children: [String] = []
    for name in SettingKey.all.map(\.name) where name.hasPrefix(prefix) {
      let child = String(name.dropFirst(prefix.count).prefix { $0 != "." })
      if !children.contains(child) { children.append(child) }
    }
    return children
  }

  /// The key or section that was most likely meant: of that last name in another section, the first of the
  /// table, or one of nearly that name.
  static func nearest(to name: String) -> String? {
    let last = Substring(name.split(separator: ".").last ?? "")
    return all.first { $0 == last || $0.hasSuffix(".\(last)") } ?? NearestName.of(name, among: all)
  }
}
