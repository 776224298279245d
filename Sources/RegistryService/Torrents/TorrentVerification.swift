import RegistryCore

/// One blob read again, its bytes compared with its digest and with its ticket. One with wrong bytes is put aside.
public struct TorrentVerification: Sendable {
  public enum Step: Sendable {
    /// So many bytes were read.
    case progress(Int64)
    case finished(Verdict)
    case failed(RegistryError)
  }

  public enum Verdict: Sendable {
    case sound
    case rotten
    /// The bytes are right, and what is kept of their torrent is not.
    case falseTicket
    case absent
  }

  public let blob: StoredBlob
  private let reading: BlobReading
  private let known: any Tickets
  private let quarantine: BlobQuarantine

  public init(_ blob: StoredBlob, _ ports: RegistryPorts, _ quarantine: BlobQuarantine) {
    self.blob = blob
    self.quarantine = quarantine
    reading = BlobReading(ports: ports)
    known = ports.tickets
  }

  /// Reads ahead of whoever watches, who sees the newest number; ends when he leaves.
  public func steps() -> AsyncStream<Step> {
    let (steps, telling) = AsyncStream.makeStream(of: Step.self, bufferingPolicy: .bufferingNewest(2))
    // Unstructured: it is the stream's, and cancelled when nobody reads that any more.
    let task = Task {
      do throws(RegistryError) {
        telling.yield(.finished(try await verdict { telling.yield(.progress($0)) }))
      } catch {
        telling.yield(.failed(error))
      }
      telling.finish()
    }
    telling.onTermination = { _ in task.cancel() }
    return steps
  }

  private func verdict(_ tell: @escaping @Sendable (Int64) -> Void) async throws(RegistryError) -> Verdict {
    let count = ByteCount()
    let outcome = try await reading.run(blob.digest, for: .v2) { bytes, _ in tell(count.add(bytes)) }
    switch outcome {
    case .absent: return .absent
    case .rotten: return try await quarantine.judge(blob.digest, putsAside: true) ? .rotten : .sound
    case .sound(.ticket(let ticket)):
      guard let kept = try await known.ticket(of: blob.digest) else { return .sound }
      return kept == ticket ? .sound : .falseTicket
    case .sound: return .sound
    }
  }
}

/// Counted by one reading, one piece after the other.
private final class ByteCount: @unchecked Sendable {
  // Unchecked: the reading awaits each call before the next.
  private var count: Int64 = 0

  func add(_ bytes: Int) -> Int64 {
    count += Int64(bytes)
    return count
  }
}
