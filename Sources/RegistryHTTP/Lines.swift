import FoundationEssentials
import Wire

/// Documents that come one after the other, each when it is asked for.
protocol LineSource: Sendable {
  associatedtype Document: Encodable

  /// `nil`: that was all.
  func next() async throws -> Document?
}

extension Response {
  /// A line of JSON for each document, so that a long work is seen to go on.
  static func lines(_ source: some LineSource) -> Response {
    Response(
      status: 200, fields: Fields([("Content-Type", "application/x-ndjson")]),
      body: .stream(length: nil, LineStream(source: source)))
  }
}

private struct LineStream<Source: LineSource>: ResponseStream {
  let source: Source

  func next() async throws -> [UInt8]? {
    guard let document = try await source.next() else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(document)) + [UInt8(ascii: "\n")]
  }
}
