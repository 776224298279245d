import BlockingBodies
import Glibc
import Testing

/// A kill leaves the page cache whole and so proves nothing about syncs. Here strace shows the order of the system
/// calls behind an acknowledged push: bytes, sync, name of the file, sync of its folder, row, sync of the log, answer.
@Suite(.blocking)
struct DurabilityOrderTests {
  private static let isCI = getenv("CI") != nil

  private static let writes: Set<String> = ["pwrite64", "pwritev", "write", "writev"]
  private static let syncs: Set<String> = ["fsync", "fdatasync"]
  private static let renames: Set<String> = ["rename", "renameat", "renameat2", "linkat"]
  private static let sends: Set<String> = ["sendto", "sendmsg", "write", "writev"]

  @Test(.enabled(if: isCI || Strace.isUsable, "strace is absent or may not trace"))
  func pushIsAcknowledgedOnlyAfterBytesAndNamesAreDurable() throws {
    try #require(Strace.isUsable, "in CI strace must be there and allowed")
    let folder = try TemporaryFolder()
    var random = SeededRandom(seed: 5)
    let image = TestImage(layers: [Blob(random.bytes(3_000_000))])
    let trace = try Self.trace(folder) { client in
      try client.push(image.layers[0], to: "traced")
      try client.push(image.config, to: "traced")
      try client.put(image.manifest, to: "traced", as: "v1")
    }
    try checkFile(trace, Self.file(of: image.layers[0]), from: "/staging/uploads/", answer: "201 Created")
    let named = try checkFile(trace, Self.file(of: image.manifest), from: "/staging/temporary/", answer: "201 Created")
    try checkShelf(trace, image, answeredAt: named)
  }

  /// A node under strace while `work` speaks with it.
  private static func trace(_ folder: TemporaryFolder, _ work: (HTTPConnection) throws -> Void) throws
    -> SystemCallTrace
  {
    var options = ShoalNode.Options()
    options.wrapper = [
      "strace", "-f", "-y", "-s", "120", "-e", "trace=" + SystemCallTrace.kinds, "-o", folder("trace"),
    ]
    let node = try ShoalNode(in: folder, options)
    // The node is strace's child, with a pid of its own.
    defer { if !node.process.hasEnded { kill(node.pid, SIGKILL) } }
    try work(try node.connect())
    kill(node.pid, SIGTERM)
    try node.process.wait()
    return SystemCallTrace(String(decoding: try contents(of: folder("trace")), as: UTF8.self))
  }

  private static func file(of blob: Blob) -> String {
    let hex = blob.digest.dropFirst("sha256:".count)
    return "/blobs/sha256/\(hex.prefix(2))/\(hex)"
  }

  /// Follows one file from its first byte to the answer; returns the answer's line.
  @discardableResult
  private func checkFile(_ trace: SystemCallTrace, _ path: String, from staging: String, answer: String) throws -> Int {
    let rename = try #require(trace.all(Self.renames) { $0.contains(path) }.first, "no rename to \(path)")
    let staged = try #require(rename.arguments.firstMatch(of: #/"([^"]*\/staging\/[^"]*)"/#)?.1)
    #expect(staged.contains(staging))
    let wrote = trace.all(Self.writes) { $0.contains("<\(staged)>") }.filter { $0.began < rename.began }
    let synced = try #require(
      trace.all(Self.syncs) { $0.contains("<\(staged)>") }.last { $0.ended < rename.began }, "no sync before the rename"
    )
    #expect(!wrote.isEmpty)
    #expect(wrote.allSatisfy { $0.ended < synced.began }, "bytes were written after the sync")

    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    let folderSync = try #require(
      trace.first(Self.syncs, after: rename.ended) { $0.contains("\(folder)>") }, "the folder was not synced")
    let sent = try #require(
      trace.first(Self.sends, after: rename.ended) { $0.contains("HTTP/1.1 \(answer)") }, "no answer")
    checkRow(trace, named: folderSync, sent: sent, begun: wrote.first?.began ?? 0)
    return sent.began
  }

  /// The row comes after the file's name is durable, and is durable itself before the answer.
  private func checkRow(
    _ trace: SystemCallTrace, named: SystemCallTrace.Call, sent: SystemCallTrace.Call, begun: Int
  ) {
    let rows = trace.all(Self.writes) { $0.contains("-wal>") }.filter { $0.began > begun && $0.began < sent.began }
    #expect(!rows.isEmpty)
    #expect(rows.allSatisfy { $0.began > named.ended }, "a row was written before the file's name was durable")
    let commit = trace.all(Self.syncs) { $0.contains("-wal>") }.last { $0.ended < sent.began }
    #expect(rows.allSatisfy { $0.ended < commit?.began ?? 0 }, "the answer went out before the commit was synced")
    #expect(named.ended < sent.began)
  }

  /// A manifest has a second file, its place on the shelf: durable before the row too.
  private func checkShelf(_ trace: SystemCallTrace, _ image: TestImage, answeredAt answer: Int) throws {
    let hex = image.manifest.digest.dropFirst("sha256:".count)
    let shelved = try #require(trace.all(Self.renames) { $0.contains("/shelf/traced/_manifests/sha256/\(hex)") }.first)
    let folderSync = try #require(
      trace.first(Self.syncs, after: shelved.ended) { $0.contains("/shelf/traced/_manifests/sha256>") })
    let row = try #require(trace.first(Self.writes, after: folderSync.ended) { $0.contains("-wal>") })
    #expect(row.began < answer)
  }
}
