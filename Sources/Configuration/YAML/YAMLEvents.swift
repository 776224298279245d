import CYAML

/// libyaml's parser as a stream of events. Owns the parser and each event's memory until it was copied out.
struct YAMLEvents: ~Copyable {
  enum Event {
    case start
    case end
    case documentStart
    case documentEnd
    case alias
    case scalar(text: String, isPlain: Bool, Ornament)
    case sequenceStart(Ornament)
    case sequenceEnd
    case mappingStart(Ornament)
    case mappingEnd
  }

  /// What a node may wear and we refuse.
  struct Ornament {
    let hasAnchor: Bool
    let hasTag: Bool
  }

  struct SyntaxError: Error {
    let reason: String
    let position: Position
  }

  enum Position {
    case mark(Place.Mark)
    /// Characters that YAML does not know are met before lines are counted.
    case byte(Int)
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let input: UnsafeMutableBufferPointer<UInt8>

  init(_ bytes: [UInt8]) {
    // libyaml reads from where the input lies, for as long as it parses.
    input = .allocate(capacity: max(bytes.count, 1))
    _ = input.initialize(from: bytes)
    let code = yaml_parser_initialize(parser)
    precondition(code == 1, "out of memory")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  mutating func next() throws(SyntaxError) -> (Event, Place.Mark) {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError }
    defer { yaml_event_delete(&event) }
    return (Self.event(event), Place.Mark(event.start_mark))
  }

  private var syntaxError: SyntaxError {
    let reason = parser.pointee.problem.map { String(cString: $0) } ?? "this is no YAML"
    let isCharacter = parser.pointee.error == YAML_READER_ERROR
    let position: Position =
      isCharacter ? .byte(parser.pointee.problem_offset) : .mark(Place.Mark(parser.pointee.problem_mark))
    return SyntaxError(reason: reason, position: position)
  }

  private static func event(_ event: yaml_event_t) -> Event {
    switch event.type {
    case YAML_STREAM_START_EVENT: return .start
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let ornament = Ornament(hasAnchor: scalar.anchor != nil, hasTag: scalar.tag != nil)
      return .scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, ornament)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(Ornament(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(Ornament(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: return .end
    }
  }
}

extension Place.Mark {
  init(_ mark: yaml_mark_t) { self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1) }
}
