import Glibc
import Testing

extension LifecycleTests {
  @Suite struct Certificates {
    private static func curl(_ node: ShoalNode, _ authority: String, _ target: String, _ more: [String] = []) throws
      -> ChildProcess
    {
      try ChildProcess(
        ["curl", "--silent", "--show-error", "--fail", "--cacert", authority] + more
          + ["https://127.0.0.1:\(node.port)\(target)"])
    }

    private static func succeeds(_ node: ShoalNode, _ authority: String) throws -> Bool {
      try curl(node, authority, "/v2/", ["--output", "/dev/null"]).wait() == .exit(0)
    }

    private static func start(_ folder: TemporaryFolder) throws -> (ShoalNode, Certificate) {
      let certificate = try Certificate(in: folder, name: "current")
      var options = ShoalNode.Options()
      options.settings = certificate.settings
      return (try ShoalNode(in: folder, options), certificate)
    }

    @Test(arguments: ["--tlsv1.2", "--tlsv1.3"])
    func blobIsPushedAndPulledByCurlThatTrustsTheCertificate(version: String) throws {
      let folder = try TemporaryFolder()
      let (node, certificate) = try Self.start(folder)
      var random = SeededRandom(seed: 13)
      let blob = Blob(random.bytes(5_000_000))
      try write(blob.bytes, to: folder("blob"))
      let target = "/v2/a/blobs/uploads/?digest=\(blob.digest)"
      let push = try Self.curl(
        node, certificate.certificate, target, [version, "--data-binary", "@\(folder("blob"))"])
      #expect(try push.wait() == .exit(0), "\(push.errors.text)")
      let pull = try Self.curl(
        node, certificate.certificate, "/v2/a/blobs/\(blob.digest)", [version, "--output", folder("pulled")])
      #expect(try pull.wait() == .exit(0), "\(pull.errors.text)")
      #expect(try contents(of: folder("pulled")) == blob.bytes)
      #expect(try node.stop() == .exit(0))
    }

    @Test func strangersAndPlainHTTPAreRefused() throws {
      let folder = try TemporaryFolder()
      let (node, certificate) = try Self.start(folder)
      let other = try Certificate(in: folder, name: "other")
      #expect(try !Self.succeeds(node, other.certificate))
      let plain = try node.connect()
      try plain.send("GET /v2/ HTTP/1.1\r\nHost: node\r\n\r\n")
      let said = String(decoding: try plain.everything(), as: UTF8.self)
      #expect(!said.contains("200 OK"))
      #expect(try Self.succeeds(node, certificate.certificate))
      try node.kill()
    }

    /// A download on the old certificate goes on while new connections see the new one.
    @Test func hangupSwapsTheCertificateUnderARunningDownload() throws {
      let folder = try TemporaryFolder()
      let (node, certificate) = try Self.start(folder)
      let old = folder("old.crt")
      try Machine.run("cp", certificate.certificate, old)
      var random = SeededRandom(seed: 14)
      let blob = Blob(random.bytes(24 << 20))
      try write(blob.bytes, to: folder("blob"))
      let target = "/v2/a/blobs/uploads/?digest=\(blob.digest)"
      #expect(try Self.curl(node, old, target, ["--data-binary", "@\(folder("blob"))"]).wait() == .exit(0))
      let download = try Self.curl(
        node, old, "/v2/a/blobs/\(blob.digest)", ["--limit-rate", "1M", "--output", folder("pulled")])
      #expect(try eventually { try fileSize(folder("pulled")) > 0 })

      let new = try Certificate(in: folder, name: "new")
      try Machine.run("cp", new.certificate, certificate.certificate)
      try Machine.run("cp", new.key, certificate.key)
      node.process.signal(SIGHUP)
      #expect(node.process.errors.line { $0.contains("certificate reloaded") } != nil)
      #expect(try Self.succeeds(node, new.certificate))
      #expect(try !Self.succeeds(node, old))
      #expect(!download.hasEnded, "the download ended before the certificate was swapped")
      #expect(try download.wait() == .exit(0), "\(download.errors.text)")
      #expect(try contents(of: folder("pulled")) == blob.bytes)
      try node.kill()
    }

    @Test func certificateThatCannotBeUsedLeavesTheOldOne() throws {
      let folder = try TemporaryFolder()
      let (node, certificate) = try Self.start(folder)
      let old = folder("old.crt")
      try Machine.run("cp", certificate.certificate, old)
      try write(Array("no certificate".utf8), to: certificate.certificate)
      node.process.signal(SIGHUP)
      #expect(node.process.errors.line { $0.contains("the old certificate stays") } != nil)
      #expect(try Self.succeeds(node, old))
      try node.kill()
    }

    private func fileSize(_ path: String) throws -> Int {
      var status = stat()
      return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
  }
}
