/// The known name that somebody most likely meant.
public enum NearestName {
  /// Longer texts than this are no slip of the finger, and comparing costs length times length.
  private static let lengthLimit = 64

  /// `nil`: nothing is near. Among equals the first.
  public static func of(_ text: String, among names: some Sequence<String>) -> String? {
    guard text.utf8.count <= lengthLimit else { return nil }
    let limit = max(2, text.utf8.count / 3)
    var best: (name: String, distance: Int)?
    for name in names {
      let distance = distance(Array(text.utf8), Array(name.utf8))
      if distance <= limit, distance < best?.distance ?? .max, distance < name.utf8.count { best = (name, distance) }
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours that make one of the other.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
