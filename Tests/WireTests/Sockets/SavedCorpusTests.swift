import Testing

@testable import Wire

extension Sockets {
  /// Among the socket tests because they open files, which one of those leaves no descriptor for.
  struct SavedCorpusTests {
    @Test func savedHeadsAreReadAsTheOracleReadsThemOrRefused() throws {
      let inputs = try SavedCorpus.inputs("head")
      #expect(inputs.count > 20)
      var accepted = 0
      for (name, bytes) in inputs {
        guard let ours = try? ParsedHead.read(bytes) else { continue }
        accepted += 1
        guard case .read(let oracles) = HeadOracle.read(Array(bytes.prefix(ours.byteCount))) else { continue }
        #expect(ours.fields == oracles.fields, "\(name)")
        #expect(ours.framing == oracles.framing, "\(name)")
        #expect(ours.path == oracles.path, "\(name)")
      }
      #expect(accepted > 10)
    }

    @Test func savedChunksAreDecodedTheSameHoweverTheyAreCut() throws {
      let inputs = try SavedCorpus.inputs("chunked")
      #expect(inputs.count > 10)
      for (name, bytes) in inputs {
        let whole = Self.outcome([bytes])
        for cut in bytes.indices {
          #expect(Self.outcome([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "\(name) cut at \(cut)")
        }
      }
    }

    private static func outcome(_ pieces: [[UInt8]]) -> String {
      var decoder = ChunkedDecoder()
      var body: [UInt8] = []
      do throws(ChunkedDecoder.Malformed) {
        for piece in pieces {
          var cursor = 0
          while case .data(let count) = try decoder.step(piece.span, &cursor) {
            body += piece[(cursor - count)..<cursor]
          }
        }
        return "\(body) \(decoder.isAtEnd)"
      } catch {
        return "\(error) after \(body)"
      }
    }
  }
}
