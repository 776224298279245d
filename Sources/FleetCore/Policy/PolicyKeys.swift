/// The words of a policy document, in one table: what is not in it is not known.
enum PolicyKeys {
  /// Paths without the numbers of list items.
  static let all: [String: [String]] = [
    "": ["catalogue", "history", "immutable", "immutable-since", "replicas", "tags", "text", "tombstones", "writers"],
    "history": ["days", "entries"],
    "immutable-since[]": ["repositories", "since"],
    "replicas[]": ["count", "repositories"],
    "tombstones": ["days"],
    "catalogue": ["when-behind"],
    "tags": ["when-behind"],
    "writers[]": ["nodes", "repositories"],
  ]

  static func isKnown(_ key: String, under path: String) -> Bool {
    all[pattern(of: path)]?.contains(key) == true
  }

  static func unknown(_ path: String) -> PolicyFault {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    let parent = parts.dropLast().joined(separator: ".")
    let known = (all[pattern(of: parent)] ?? []).filter { $0 != "text" && $0 != "immutable-since" }
    let key = String(parts.last ?? "")
    let nearest = known.min { distance($0, key) < distance($1, key) }
    let advice = nearest.flatMap { distance($0, key) <= 2 ? "did you mean '\($0)'?" : nil }
    return PolicyFault(path, "there is no such key: \(advice ?? "known here are \(known.joined(separator: ", "))")")
  }

  private static func pattern(of path: String) -> String {
    var isInside = false
    return String(
      path.filter { character in
        if character == "]" { isInside = false }
        defer { if character == "[" { isInside = true } }
        return !isInside
      })
  }

  /// How many letters must be put in, taken out or changed.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8), Array(right.utf8.prefix(64)))
    var row = Array(0...right.count)
    for (line, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, other) in right.enumerated() {
        let changed = diagonal + (letter == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}
