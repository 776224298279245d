import FoundationEssentials

/// What came back.
struct HTTPAnswer: Sendable, CustomStringConvertible {
  let status: Int
  let fields: [(name: String, value: String)]
  var body: [UInt8]

  /// The first field of a name.
  subscript(name: String) -> String? { all(name).first }

  func all(_ name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  func json<Document: Decodable>(_ type: Document.Type) throws -> Document {
    do {
      return try JSONDecoder().decode(type, from: Data(body))
    } catch {
      throw Trouble("answer \(status) is no \(type): \(text)")
    }
  }

  /// Short: a body may be large.
  var description: String { "\(status) with \(body.count) bytes: \(String(decoding: body.prefix(300), as: UTF8.self))" }

  /// The codes of an error document.
  var errorCodes: [String] { (try? json(ErrorsDocument.self).errors.map(\.code)) ?? [] }

  init(head: String, body: [UInt8] = []) throws {
    let lines = head.split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1."),
      let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { throw Trouble("no status line: \(head)") }
    self.status = status
    self.body = body
    fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (String(parts[0]), parts.count == 2 ? String(parts[1].drop { $0 == " " }) : "")
    }
  }
}

/// distribution-spec 1.1, "Error Codes".
struct ErrorsDocument: Decodable {
  struct Entry: Decodable {
    let code: String
    let message: String?
  }

  let errors: [Entry]
}
