import Synchronization

public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, warning, error

  public var name: StaticString {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  /// `nil` for any other word than the four.
  public init?(name: String) {
    guard let level = Self.allCases.first(where: { "\($0.name)" == name }) else { return nil }
    self = level
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// The level below which nothing is logged. Shared by every copy of a logger, so that a reload changes all of them.
public final class LogThreshold: Sendable {
  private let stored: Atomic<Int>

  public init(_ level: LogLevel) { stored = Atomic(level.rawValue) }

  public var level: LogLevel {
    get { LogLevel(rawValue: stored.load(ordering: .relaxed)) ?? .info }
    set { stored.store(newValue.rawValue, ordering: .relaxed) }
  }
}
