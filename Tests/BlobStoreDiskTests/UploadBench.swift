import Glibc
import OpenSSLKit
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// How fast a push can become durable, beside what the disk and the hash allow, in turns in one run.
///
///     SHOAL_BENCH_FOLDER=/some/real/disk swift test -c release -Xswiftc -enable-testing --filter UploadBench
///
/// With glibc's defaults every chunk of 256 KiB is mapped and faulted in anew, 262,144 page faults for each GiB. What a
/// process is that keeps such pieces: MALLOC_MMAP_THRESHOLD_=4194304 MALLOC_TRIM_THRESHOLD_=16777216 MALLOC_ARENA_MAX=4.
@Suite(.enabled(if: getenv("SHOAL_BENCH_FOLDER") != nil, "a measurement: set SHOAL_BENCH_FOLDER to a folder on a disk"))
struct UploadBench {
  private static let byteCount = 1 << 30
  private static let chunkBytes = 256 << 10
  private static let rounds = 5

  @Test func anUploadBesideDdAndTheHashAlone() async throws {
    let base = String(cString: getenv("SHOAL_BENCH_FOLDER"))
    let source = seededBytes(64 << 20, seed: 1)
    let digest = hashAlone(source).digest
    var ratios: [Double] = []
    for round in 1...Self.rounds {
      let folder = "\(base)/shoal-bench-\(getpid())-\(round)"
      let dd = try writeAlone(source, to: folder + ".raw")
      let hash = hashAlone(source)
      let upload = try await self.upload(source, as: digest, into: folder)
      let gigabytes = Double(Self.byteCount) / 1e9
      ratios.append(max(dd, hash.seconds) / upload.seconds)
      print(
        "write+fsync \(rate(dd)), sha256 \(rate(hash.seconds)), upload \(rate(upload.seconds)) GB/s,",
        "of the slower limit \(rounded(ratios.last!)), CPU-s/GB \(rounded(upload.cpuSeconds / gigabytes))")
    }
    print("median of the slower limit: \(rounded(ratios.sorted()[ratios.count / 2]))")
  }

  private func upload(_ source: [UInt8], as digest: Digest, into path: String) async throws
    -> (seconds: Double, cpuSeconds: Double)
  {
    let folder = try DiskDataFolder.open(path)
    defer {
      folder.close()
      removeTree(path)
    }
    let (start, cpu) = (now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID))
    let sink = try await folder.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
    for at in stride(from: 0, to: Self.byteCount, by: Self.chunkBytes) {
      // A fresh chunk each, as a socket fills it.
      try await sink.append(Array(source[(at % source.count)..<(at % source.count + Self.chunkBytes)]))
    }
    _ = try await sink.seal(as: digest)
    return (now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
  }

  /// What `dd bs=256k conv=fsync` does.
  private func writeAlone(_ source: [UInt8], to path: String) throws -> Double {
    let start = now(CLOCK_MONOTONIC)
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer {
      close(file)
      unlink(path)
    }
    try source.withUnsafeBytes { bytes in
      for at in stride(from: 0, to: Self.byteCount, by: Self.chunkBytes) {
        let count = write(file, bytes.baseAddress! + at % bytes.count, Self.chunkBytes)
        guard count == Self.chunkBytes else { throw TestFailure("write: errno \(errno)") }
      }
    }
    guard fsync(file) == 0 else { throw TestFailure("fsync: errno \(errno)") }
    return now(CLOCK_MONOTONIC) - start
  }

  private func hashAlone(_ source: [UInt8]) -> (digest: Digest, seconds: Double) {
    let start = now(CLOCK_MONOTONIC)
    var pass = BytePass(.sha256)
    source.withUnsafeBytes { bytes in
      for at in stride(from: 0, to: Self.byteCount, by: Self.chunkBytes) {
        pass.take(UnsafeRawBufferPointer(rebasing: bytes[(at % bytes.count)...].prefix(Self.chunkBytes)))
      }
    }
    return (pass.finish(), now(CLOCK_MONOTONIC) - start)
  }

  private func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func rate(_ seconds: Double) -> Double { rounded(Double(Self.byteCount) / 1e9 / seconds) }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
