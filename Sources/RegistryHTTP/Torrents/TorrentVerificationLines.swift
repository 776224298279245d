import RegistryCore
import RegistryService

/// A line for each step of reading a blob again.
final class TorrentVerificationLines: LineSource, @unchecked Sendable {
  // Unchecked: a response is written by one task, one line after the other.
  private let blob: StoredBlob
  private var steps: AsyncStream<TorrentVerification.Step>.Iterator
  private var checkedBytes: Int64 = 0

  init(_ verification: TorrentVerification) {
    blob = verification.blob
    steps = verification.steps().makeAsyncIterator()
  }

  func next() async throws -> TorrentVerificationDocument? {
    switch await steps.next() {
    case nil: return nil
    case .progress(let bytes):
      checkedBytes = bytes
      return line(isFinished: false, fault: nil)
    case .finished(.sound):
      checkedBytes = blob.size
      return line(isFinished: true, fault: nil)
    case .finished(.rotten): return line(isFinished: true, fault: "its bytes have another digest; it was put aside")
    case .finished(.absent): return line(isFinished: true, fault: "its bytes are not here; push it again")
    case .finished(.falseTicket):
      return line(isFinished: true, fault: "its bytes are right, but what the catalogue knows of its torrent is not")
    case .failed(let error): return line(isFinished: true, fault: error.message)
    }
  }

  private func line(isFinished: Bool, fault: String?) -> TorrentVerificationDocument {
    TorrentVerificationDocument(
      digest: blob.digest.description, size: blob.size, checkedBytes: checkedBytes, isFinished: isFinished,
      fault: fault)
  }
}
