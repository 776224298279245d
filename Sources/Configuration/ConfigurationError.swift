/// Everything that is wrong with a configuration, so that it can be put right in one go.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// More than this many are cut: a file that is not ours at all would print itself.
  static let problemLimit = 50

  public let problems: [ConfigurationProblem]
  /// How many more there were.
  public let more: Int

  init(_ problems: [ConfigurationProblem]) {
    self.problems = Array(problems.prefix(Self.problemLimit))
    more = max(0, problems.count - Self.problemLimit)
  }

  /// A line for each problem.
  public var description: String {
    let lines = problems.map(\.description) + (more > 0 ? ["and \(more) more"] : [])
    return lines.joined(separator: "\n")
  }
}

public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  public let place: Place
  public let reason: String
  /// What to do about it.
  public let advice: String?

  init(_ place: Place, _ reason: String, advice: String? = nil) {
    self.place = place
    self.reason = reason
    self.advice = advice
  }

  public var description: String { "\(place): \(reason)\(advice.map { "; \($0)" } ?? "")" }
}

/// Where a value came from.
public enum Place: Hashable, Sendable, CustomStringConvertible {
  case builtIn
  /// Line and column count from 1; `nil` for the file as a whole.
  case file(String, Mark?)
  case environment(String)
  case flag(String)

  public struct Mark: Hashable, Sendable {
    public let line: Int
    public let column: Int
  }

  public var description: String {
    switch self {
    case .builtIn: "default"
    case .file(let path, let mark?): "\(Shown(path)):\(mark.line):\(mark.column)"
    case .file(let path, nil): "\(Shown(path))"
    case .environment(let name): "environment variable \(Shown(name))"
    case .flag(let name): "option --\(Shown(name))"
    }
  }
}
