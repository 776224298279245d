/// Reads one YAML document into nodes. What breaks the grammar ends the reading; what is merely not wanted (repeated
/// keys, anchors, tags, a second document) is noted, and the reading goes on to find the rest.
struct YAMLReader: ~Copyable {
  /// Sections within sections: the deepest key has three.
  static let depthLimit = 8

  private var events: YAMLEvents
  private let lines: YAMLLines
  private(set) var problems: [Problem] = []

  struct Problem: Error, Hashable {
    let mark: Place.Mark
    let reason: String
    let advice: String?
  }

  init(_ bytes: [UInt8]) {
    events = YAMLEvents(bytes)
    lines = YAMLLines(bytes)
  }

  /// `nil`: the document is empty, or it is broken and a problem says why.
  mutating func read() -> YAMLNode? {
    if let problem = lines.encodingProblem {
      problems.append(problem)
      return nil
    }
    do {
      return try document()
    } catch {
      problems.append(error)
      return nil
    }
  }

  private mutating func document() throws(Problem) -> YAMLNode? {
    var root: YAMLNode?
    while true {
      let (event, mark) = try next()
      switch event {
      case .start, .documentEnd: continue
      case .end: return root
      case .documentStart where root == nil:
        let (event, mark) = try next()
        root = try node(event, mark, depth: 0)
      default:
        problems.append(
          Problem(mark: mark, reason: "a second document starts here", advice: "keep one configuration in a file"))
        return root
      }
    }
  }

  private mutating func node(
    _ event: YAMLEvents.Event, _ mark: Place.Mark, depth: Int
  ) throws(Problem) -> YAMLNode {
    guard depth <= Self.depthLimit else {
      throw Problem(mark: mark, reason: "this is nested too deep", advice: "no key has more than three names")
    }
    switch event {
    case .scalar(let text, let isPlain, let ornament):
      refuse(ornament, at: mark)
      let isNull = isPlain && ["", "~", "null"].contains(text)
      return YAMLNode(content: .scalar(isNull ? nil : text), mark: mark)
    case .sequenceStart(let ornament):
      refuse(ornament, at: mark)
      return YAMLNode(content: .sequence(try elements(depth: depth)), mark: mark)
    case .mappingStart(let ornament):
      refuse(ornament, at: mark)
      return YAMLNode(content: .mapping(try entries(depth: depth)), mark: mark)
    default:
      problems.append(
        Problem(
          mark: mark, reason: "this refers to an anchor, and a configuration has none",
          advice: lines.adviceAboutQuotes(at: mark) ?? "write the value itself"))
      return YAMLNode(content: .scalar(nil), mark: mark)
    }
  }

  private mutating func elements(depth: Int) throws(Problem) -> [YAMLNode] {
    var elements: [YAMLNode] = []
    while true {
      let (event, mark) = try next()
      if case .sequenceEnd = event { return elements }
      elements.append(try node(event, mark, depth: depth + 1))
    }
  }

  private mutating func entries(depth: Int) throws(Problem) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    var lineOfKey: [String: Int] = [:]
    while true {
      let (event, mark) = try next()
      if case .mappingEnd = event { return entries }
      let key = try node(event, mark, depth: depth + 1)
      let (valueEvent, valueMark) = try next()
      let value = try node(valueEvent, valueMark, depth: depth + 1)
      guard case .scalar(let name?) = key.content else {
        problems.append(Problem(mark: mark, reason: "this is no key", advice: "a key is a word before a colon"))
        continue
      }
      if let line = lineOfKey[name] {
        problems.append(
          Problem(
            mark: mark, reason: "'\(Shown(name))' stands here a second time, first in line \(line)",
            advice: "keep one of them"))
        continue
      }
      lineOfKey[name] = mark.line
      entries.append(YAMLNode.Entry(key: name, mark: mark, value: value))
    }
  }

  private mutating func refuse(_ ornament: YAMLEvents.Ornament, at mark: Place.Mark) {
    if ornament.hasAnchor {
      problems.append(
        Problem(mark: mark, reason: "an anchor stands here", advice: "a configuration has none: take the &name out"))
    }
    if ornament.hasTag {
      problems.append(
        Problem(mark: mark, reason: "a tag stands here", advice: "a configuration has none: take the !name out"))
    }
  }

  private mutating func next() throws(Problem) -> (YAMLEvents.Event, Place.Mark) {
    do {
      return try events.next()
    } catch {
      let mark =
        switch error.position {
        case .mark(let mark): mark
        case .byte(let offset): lines.mark(ofByte: offset)
        }
      throw Problem(mark: mark, reason: error.reason, advice: lines.advice(about: error.reason, at: mark))
    }
  }
}
