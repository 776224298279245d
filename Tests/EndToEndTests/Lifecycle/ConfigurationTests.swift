import Testing

extension LifecycleTests {
  @Suite struct Configuration {
    /// A file that is wrong, and what its author is told.
    @Test(arguments: [
      ("data: x\nhtpp:\n  listen: 127.0.0.1:0\n", [":2:", "htpp", "http"]),
      ("http:\n  lisen: 127.0.0.1:0\n", [":2:", "lisen", "listen"]),
      ("limits:\n  manifest_bytes: many\n", [":2:", "limits.manifest_bytes", "many"]),
      ("timeouts:\n  head: 5\n", [":2:", "timeouts.head", "no unit"]),
      ("http: [\n", [":2:"]),
      ("http:\n  listen: 192.0.2.1:5000\n", [":2:", "192.0.2.1:5000", "insecure"]),
      ("http:\n  tls:\n    certificate: a.crt\n", [":3:", "http.tls.key"]),
    ])
    func wrongFileIsRefusedWithLineAndAdvice(text: String, said: [String]) throws {
      let folder = try TemporaryFolder()
      try write(Array(text.utf8), to: folder("shoal.yaml"))
      let environment = ["SHOAL_DATA": folder("data")]
      for arguments in [["serve", "--config", folder("shoal.yaml")], ["check-config", folder("shoal.yaml")]] {
        let command = try ShoalCommand(arguments, environment: environment)
        #expect(command.code == 4)
        for word in said + ["shoal.yaml"] { #expect(command.errors.contains(word), "\(command.errors)") }
      }
      #expect(TemporaryFolder.names(in: folder.path) == ["shoal.yaml"])
    }

    @Test(arguments: [
      ["SHOAL_HTTP_LISEN": "127.0.0.1:0"], ["SHOAL_LIMITS_UPLOADS": "lots"], ["SHOAL_HTTP_LISTEN": "0.0.0.0:0"],
    ])
    func wrongEnvironmentIsRefusedByName(environment: [String: String]) throws {
      let folder = try TemporaryFolder()
      let command = try ShoalCommand(
        ["serve", "--data", folder("data")], environment: environment.merging(["SHOAL_DATA": folder("d")]) { $1 })
      #expect(command.code == 4)
      for name in environment.keys { #expect(command.errors.contains(name), "\(command.errors)") }
    }

    @Test func wrongFileNameIsRefused() throws {
      let command = try ShoalCommand(["serve", "--config", "/nowhere/shoal.yaml"])
      #expect(command.code == 4)
      #expect(command.errors.contains("/nowhere/shoal.yaml"))
    }

    @Test(arguments: ["0.0.0.0:0", "[::]:0", "*:0"])
    func listenerBeyondLoopbackNeedsInsecure(listen: String) throws {
      var options = ShoalNode.Options()
      options.listen = listen
      let folder = try TemporaryFolder()
      let refused = try ShoalNode.launch(folder("data"), options)
      #expect(try refused.wait() == .exit(4))
      let said = refused.errors.complete()
      #expect(said.contains("can be reached from other machines"), "\(said)")
      #expect(said.contains("insecure"), "\(said)")
      options.arguments = ["--insecure"]
      try withNode(options) { node in
        try HTTPConnection(host: listen.hasPrefix("[") ? "::1" : "127.0.0.1", port: node.port).checkService()
      }
    }

    @Test func portThatIsTakenIsRefusedWithAReason() throws {
      try withNode { node in
        var options = ShoalNode.Options()
        options.listen = "127.0.0.1:\(node.port)"
        let second = try ShoalNode.launch(node.folder("other"), options)
        #expect(try second.wait() == .exit(1))
        let said = second.errors.complete()
        #expect(said.contains("\(node.port)"), "\(said)")
      }
    }

    @Test func listenerOnIPv6Serves() throws {
      var options = ShoalNode.Options()
      options.listen = "[::1]:0"
      try withNode(options) { node in
        try HTTPConnection(host: "::1", port: node.port).checkService()
      }
    }
  }
}
