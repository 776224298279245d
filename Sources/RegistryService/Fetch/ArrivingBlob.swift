import RegistryCore

/// A blob that is still arriving, as its readers see it: reads wait for verified bytes.
///
/// `read` may return fewer bytes than asked for, and never the last block of them before the whole digest agreed: a
/// caller that reads on to the end of its range is held back there (see `RemoteBlobFetch`).
struct ArrivingBlob: BlobReader {
  let run: FetchRun

  var size: Int64 { run.size }
  var file: BlobFile? { nil }
  var arrival: BlobArrival? { run.arrival }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    try await run.read(from: offset, count: count)
  }
}
