/// One structured fact of a log line; names carry their unit (`size.bytes`, `took.ms`).
public struct LogField: Sendable {
  public enum Value: Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)
  }

  public let name: StaticString
  public let value: Value

  public init(_ name: StaticString, _ value: String) { (self.name, self.value) = (name, .text(value)) }
  public init(_ name: StaticString, _ value: some BinaryInteger) {
    (self.name, self.value) = (name, .integer(Int64(clamping: value)))
  }
  public init(_ name: StaticString, _ value: Double) { (self.name, self.value) = (name, .number(value)) }
  public init(_ name: StaticString, _ value: Bool) { (self.name, self.value) = (name, .flag(value)) }
}
