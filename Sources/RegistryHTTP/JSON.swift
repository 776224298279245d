import FoundationEssentials
import Wire

extension Response {
  static func json(_ document: some Encodable, status: Int = 200, mediaType: String = "application/json") -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      let bytes = [UInt8](try encoder.encode(document)) + [UInt8(ascii: "\n")]
      return Response(status: status, fields: Fields([("Content-Type", mediaType)]), body: .bytes(bytes))
    } catch {
      preconditionFailure("our own documents can be encoded: \(error)")
    }
  }
}
