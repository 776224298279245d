import Testing

@testable import Configuration

@Suite struct LoadSettingsTests {
  @Test func nothingAtAllIsAConfiguration() throws {
    #expect(try Settings.load() == Settings())
    for text in ["", "# nothing\nhttp:\n  tls:\n"] {
      let file = TemporaryFile(text)
      #expect(try Settings.load(file: file.path) == Settings())
    }
    #expect(Settings().http.listen.map(\.description) == ["127.0.0.1:5000"])
  }

  @Test func fileSetsEveryKindOfValue() throws {
    let file = TemporaryFile(
      """
      data: /var/lib/shoal
      http:
        listen: [127.0.0.1:5001, "[::1]:5001", localhost:5002]
        loops: 4
        tls: { certificate: a.pem, key: b.pem, minimum: 1.3 }
      limits:
        manifest_bytes: 8MiB
        blob_bytes: 17179869184
      timeouts:
        head: 500ms
        idle: 2m
      blobs:
        delete_needed: refuse
      log: {level: debug, access: false}
      """)
    let settings = try Settings.load(file: file.path)
    var expected = Settings()
    expected.data = "/var/lib/shoal"
    expected.http.listen = try ["127.0.0.1:5001", "[::1]:5001", "127.0.0.1:5002"].map { try ListenAddress(parsing: $0) }
    expected.http.loops = 4
    (expected.http.tls.certificate, expected.http.tls.key, expected.http.tls.minimum) = ("a.pem", "b.pem", .tls13)
    expected.limits.manifestBytes = 8 << 20
    expected.limits.blobBytes = 16 << 30
    (expected.timeouts.head, expected.timeouts.idle) = (.milliseconds(500), .seconds(120))
    expected.blobs.deleteNeeded = .refuse
    (expected.log.level, expected.log.access) = (.debug, false)
    #expect(settings == expected)
  }

  @Test func flagBeatsEnvironmentBeatsFileBeatsDefault() throws {
    let file = TemporaryFile("data: from-file\nlog: {level: debug, format: json}\nhttp: {loops: 3}\n")
    let environment = ["SHOAL_DATA": "from-environment", "SHOAL_LOG_LEVEL": "warning", "PATH": "/bin"]
    let settings = try Settings.load(file: file.path, environment: environment, flags: ["data": ["from-flag"]])
    #expect(settings.data == "from-flag")
    #expect(settings.log.level == .warning)
    #expect(settings.log.format == .json)
    #expect(settings.http.loops == 3)
    #expect(settings.limits == Settings.Limits())
  }

  @Test func environmentNamesTheFileAndAnOptionBeatsIt() throws {
    let (first, second) = (TemporaryFile("data: first"), TemporaryFile("data: second"))
    #expect(try Settings.load(environment: ["SHOAL_CONFIG": first.path]).data == "first")
    #expect(try Settings.load(file: second.path, environment: ["SHOAL_CONFIG": first.path]).data == "second")
  }

  @Test func listsComeFromCommasAndFromRepeatedOptions() throws {
    let environment = ["SHOAL_HTTP_LISTEN": "127.0.0.1:1, [::1]:2"]
    #expect(try Settings.load(environment: environment).http.listen.map(\.description) == ["127.0.0.1:1", "[::1]:2"])
    let flags = ["listen": ["127.0.0.1:3", "[::1]:4"]]
    #expect(
      try Settings.load(environment: environment, flags: flags).http.listen.map(\.description)
        == ["127.0.0.1:3", "[::1]:4"])
  }

  @Test func everythingCanBeMadePublicByOneVariable() throws {
    let settings = try Settings.load(environment: ["SHOAL_TORRENT_PUBLIC": "**"])
    #expect(settings.torrent.publicPatterns == ["**"])
    let several = try Settings.load(environment: ["SHOAL_TORRENT_PUBLIC": "library/*, team/**"])
    #expect(several.torrent.publicPatterns == ["library/*", "team/**"])
  }

  @Test func trackersByUDPAreNotTakenForLinksBetweenServices() throws {
    let trackers = ["udp://a.example:6969", "https://b.example/announce?key=1"]
    let settings = try Settings.load(environment: ["SHOAL_TORRENT_TRACKERS": trackers.joined(separator: ",")])
    #expect(settings.torrent.trackers == trackers)
  }

  @Test func emptyVariableIsNone() throws {
    #expect(try Settings.load(environment: ["SHOAL_DATA": "", "SHOAL_CONFIG": ""]) == Settings())
  }

  @Test func everyKeyCanBeSetFromFileEnvironmentAndOption() throws {
    for key in SettingKey.all {
      let (text, other) = sample(of: key)
      let lines = key.name.split(separator: ".").enumerated().map { depth, name in
        String(repeating: "  ", count: depth) + "\(name):"
      }
      let file = TemporaryFile(lines.joined(separator: "\n") + " \"\(text)\"\n")
      let fromFile = try Settings.load(file: file.path, environment: partner(of: key))
      #expect(key.show(fromFile) == [text], "\(key.name) from a file")
      #expect(key.show(fromFile) != key.show(Settings()))
      var environment = partner(of: key)
      environment[key.environmentName] = text
      let fromEnvironment = try Settings.load(environment: environment)
      #expect(key.show(fromEnvironment) == [text], "\(key.name) from the environment")
      if let flag = key.flag {
        environment[key.environmentName] = other
        let settings = try Settings.load(environment: environment, flags: [flag: [text]])
        #expect(key.show(settings) == [text], "\(key.name) from --\(flag)")
      }
    }
  }

  /// A value that is not the default, and another one.
  private func sample(of key: SettingKey) -> (String, String) {
    switch key.name {
    case "http.listen": ("127.0.0.1:6000", "127.0.0.1:6001")
    case "http.tls.minimum": ("1.3", "1.2")
    case "torrent.listen", "torrent.advertise", "fleet.listen", "fleet.advertise": ("192.0.2.1:7000", "192.0.2.1:7001")
    case "torrent.public": ("team/*", "**")
    case "fleet.zone", "fleet.name": ("rack-3", "rack-4")
    case "fleet.certificate_life", "keep.patience", "push.patience": ("61s", "62s")
    case "push.ack": ("replicated", "local")
    case "names": ("registry.test", "registry.test:5000")
    case "torrent.url", "torrent.trackers": ("http://a.example", "https://b.example:8443/path")
    case "torrent.dht_nodes": ("dht.example.org:6881", "[2001:db8::7]:6882")
    case "torrent.rest_after": ("61s", "62s")
    case "blobs.delete_needed": ("refuse", "allow")
    case "log.level": ("debug", "error")
    case "log.format": ("json", "logfmt")
    case _ where key.shape == .flag: key.show(Settings()) == ["true"] ? ("false", "true") : ("true", "false")
    case _ where key.name.hasPrefix("timeouts.") || key.name == "uploads.expire": ("61s", "62s")
    case _ where key.allowed.hasPrefix("a path"): ("somewhere/else", "elsewhere")
    case "limits.blob_bytes", "limits.manifest_bytes": ("3MiB", "5MiB")
    case "http.loops": ("7", "8")
    default: ("1025", "1026")
    }
  }

  /// What must stand beside a key for the cross checks.
  private func partner(of key: SettingKey) -> [String: String] {
    switch key.name {
    case "http.tls.certificate": ["SHOAL_HTTP_TLS_KEY": "k.pem"]
    case "http.tls.key": ["SHOAL_HTTP_TLS_CERTIFICATE": "c.pem"]
    default: [:]
    }
  }
}
