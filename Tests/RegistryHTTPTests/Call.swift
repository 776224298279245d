import RegistryCore
import RegistryService
import Wire

/// One row of the table: what is asked, and what must come back.
struct Call: Sendable {
  let method: String
  /// May hold `{upload}`, the address that the last answer gave in `Location`.
  let target: String
  var fields: [(String, String)] = []
  var body: [UInt8] = []

  let status: Int
  /// Fields that the answer must have; `nil` as a value: must not have.
  var expects: [(String, String?)] = []
  /// The body, exactly.
  var expectsBody: [UInt8]?
  /// Text that the body holds.
  var expectsText: String?

  init(
    _ method: String, _ target: String, body: [UInt8] = [], _ status: Int, expects: [(String, String?)] = [],
    expectsBody: [UInt8]? = nil, text: String? = nil
  ) {
    self.init(method, target, [], body: body, status, expects: expects, expectsBody: expectsBody, text: text)
  }

  init(
    _ method: String, _ target: String, _ fields: [(String, String)], body: [UInt8] = [], _ status: Int,
    expects: [(String, String?)] = [], expectsBody: [UInt8]? = nil, text: String? = nil
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
    self.status = status
    self.expects = expects
    self.expectsBody = expectsBody
    expectsText = text
  }
}

/// What came back.
struct Answer: Sendable {
  let status: Int
  let fields: Fields
  let body: [UInt8]
}

/// A story: rows that are asked one after the other of one registry.
struct Story: Sendable, CustomStringConvertible {
  let name: String
  /// What is public.
  let patterns: [String]
  let calls: [Call]

  var description: String { name }

  init(_ name: String, public patterns: [String] = [], _ calls: [Call]) {
    self.name = name
    self.patterns = patterns
    self.calls = calls
  }
}
