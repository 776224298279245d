import RegistryCore

/// One value of a policy document, with where it stands, so that what is wrong can be found.
struct PolicyField {
  private let view: BencodeView
  private let path: String
  private let spelling: PolicyReader.Spelling

  init(_ view: BencodeView, path: String, spelling: PolicyReader.Spelling) {
    (self.view, self.path, self.spelling) = (view, path, spelling)
  }

  private var isOperators: Bool { if case .operators = spelling { true } else { false } }

  subscript(key: StaticString) -> PolicyField? { view[key].map { under("\(key)", $0) } }

  func required(_ key: StaticString) throws(PolicyFault) -> PolicyField {
    guard let field = self[key] else { throw fault("'\(key)' is missing") }
    return field
  }

  func mapping() throws(PolicyFault) -> PolicyField {
    guard view.isDictionary else { throw fault("write keys and values below it") }
    return self
  }

  func text() throws(PolicyFault) -> String {
    guard let text = view.text else { throw fault("write a text") }
    return text
  }

  func number(in range: ClosedRange<Int64>) throws(PolicyFault) -> Int {
    let number = view.integer ?? (isOperators ? view.text.flatMap(Self.digits) : nil)
    guard let number, range ~= number else {
      throw fault("write a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return Int(number)
  }

  func choice<Choice: RawRepresentable & CaseIterable>() throws(PolicyFault) -> Choice where Choice.RawValue == String {
    guard let choice = view.text.flatMap(Choice.init(rawValue:)) else {
      throw fault("write \(Choice.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    return choice
  }

  func items() throws(PolicyFault) -> [PolicyField] {
    guard let items = view.items else { throw fault("write a list") }
    guard items.count <= PolicyReader.listLimit else { throw fault("at most \(PolicyReader.listLimit) can stand here") }
    return items.enumerated().map { number, item in
      PolicyField(item, path: "\(path)[\(number)]", spelling: spelling)
    }
  }

  func patterns() throws(PolicyFault) -> PublicPatterns {
    var patterns: [String] = []
    for item in try itemsOrOne() {
      let pattern = try item.text()
      do throws(RegistryError) { try PublicPatterns.check(pattern) } catch { throw item.fault(error.message) }
      patterns.append(pattern)
    }
    return PublicPatterns(patterns)
  }

  func nodes() throws(PolicyFault) -> Set<NodeID> {
    var nodes: Set<NodeID> = []
    for item in try itemsOrOne() {
      guard nodes.insert(try item.node()).inserted || isOperators else { throw item.fault("it stands here twice") }
    }
    return nodes
  }

  private func node() throws(PolicyFault) -> NodeID {
    let text = try text()
    if let node = Hex.decode(text).flatMap(NodeID.init) { return node }
    guard case .operators(let nodesNamed) = spelling else { throw fault("write a node's ID, 64 hex digits") }
    let advice = "write its name, or all 64 digits of its ID (`shoal fleet ls --json`)"
    guard let name = NodeName(parsing: text) else { throw fault("this is no node: \(advice)") }
    let named = nodesNamed(name)
    guard let node = named.first else { throw fault("no member is called '\(name)': \(advice)") }
    guard named.count == 1 else { throw fault("\(named.count) members are called '\(name)': write the ID of one") }
    return node
  }

  /// Without its list, one stands for itself.
  private func itemsOrOne() throws(PolicyFault) -> [PolicyField] {
    isOperators && view.bytes != nil ? [self] : try items()
  }

  func unknownKeys() -> [String] {
    if let items = view.items {
      return items.enumerated().flatMap { number, item in
        PolicyField(item, path: "\(path)[\(number)]", spelling: spelling).unknownKeys()
      }
    }
    return (view.entries ?? []).flatMap { key, value in
      let key = String(decoding: key, as: UTF8.self)
      return PolicyKeys.isKnown(key, under: path) ? under(key, value).unknownKeys() : [join(key)]
    }
  }

  private func under(_ key: String, _ value: BencodeView) -> PolicyField {
    PolicyField(value, path: join(key), spelling: spelling)
  }

  private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func fault(_ message: String) -> PolicyFault { PolicyFault(path, message) }

  private static func digits(_ text: String) -> Int64? {
    text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int64(text) : nil
  }
}
