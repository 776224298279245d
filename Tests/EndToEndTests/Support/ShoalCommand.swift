import FoundationEssentials

/// `shoal` as somebody types it, run to its end.
struct ShoalCommand {
  let code: Int32?
  let output: String
  let errors: String

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let process = try ChildProcess([ShoalBinary.path] + arguments, environment: environment)
    let end = try process.wait()
    code = if case .exit(let code) = end { code } else { nil }
    output = process.output.complete()
    errors = process.errors.complete()
  }

  /// The output as JSON.
  func json<Document: Decodable>(_ type: Document.Type) throws -> Document {
    do {
      return try JSONDecoder().decode(type, from: Data(output.utf8))
    } catch {
      throw Trouble("no \(type): \(output)\(errors)")
    }
  }
}
