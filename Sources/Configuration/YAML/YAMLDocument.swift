import RegistryCore

/// A document that is no configuration: its values in the one form that other readers take, with where each was written.
public struct YAMLDocument: Sendable {
  /// What is wrong with the text itself.
  public struct Fault: Error, Sendable {
    public let line: Int
    public let reason: String
    public let advice: String?
  }

  /// Texts, lists and mappings. A key without a value is left out, as one that is commented out.
  public let bencoded: [UInt8]
  private let lines: [String: Int]

  public init(_ text: [UInt8]) throws(Fault) {
    var reader = YAMLReader(text)
    let root = reader.read()
    if let problem = reader.problems.first {
      throw Fault(line: problem.mark.line, reason: problem.reason, advice: problem.advice)
    }
    var lines: [String: Int] = [:]
    bencoded = (root.flatMap { Self.value(of: $0, at: "", &lines) } ?? .dictionary([:])).encoded
    self.lines = lines
  }

  /// The line of a value by its path, such as `writers[2].nodes[0]`, or of what it would stand in.
  public func line(of path: String) -> Int? {
    var path = path[...]
    while !path.isEmpty {
      if let line = lines[String(path)] { return line }
      path = path[..<(path.lastIndex { ".[".contains($0) } ?? path.startIndex)]
    }
    return nil
  }

  private static func value(of node: YAMLNode, at path: String, _ lines: inout [String: Int]) -> BencodeValue? {
    switch node.content {
    case .scalar(let text): return text.map { .text($0) }
    case .sequence(let items):
      var values: [BencodeValue] = []
      for (number, item) in items.enumerated() {
        let place = "\(path)[\(number)]"
        lines[place] = item.mark.line
        values.append(value(of: item, at: place, &lines) ?? .text(""))
      }
      return .list(values)
    case .mapping(let entries):
      var values: [BencodeValue.Key: BencodeValue] = [:]
      for entry in entries {
        let place = path.isEmpty ? entry.key : "\(path).\(entry.key)"
        lines[place] = entry.mark.line
        values[BencodeValue.Key(Array(entry.key.utf8))] = value(of: entry.value, at: place, &lines)
      }
      return .dictionary(values)
    }
  }
}
