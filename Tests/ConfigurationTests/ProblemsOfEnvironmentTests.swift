import Testing

@testable import Configuration

@Suite struct ProblemsOfEnvironmentTests {
  private func problems(_ environment: [String: String], flags: [String: [String]] = [:]) -> [String] {
    do throws(ConfigurationError) {
      _ = try Settings.load(environment: environment, flags: flags)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func unknownVariableIsToldWithTheNearest() {
    #expect(
      problems(["SHOAL_HTTP_LISTN": "x"]) == [
        "environment variable SHOAL_HTTP_LISTN: no key has this name; did you mean SHOAL_HTTP_LISTEN?"
      ])
    #expect(
      problems(["SHOAL_CONFIGURATION_OF_SOMETHING_ELSE": "x"]) == [
        "environment variable SHOAL_CONFIGURATION_OF_SOMETHING_ELSE: no key has this name; unset it"
      ])
  }

  @Test func badValuesAreToldByTheirVariableAndOption() {
    #expect(
      problems(["SHOAL_LOG_ACCESS": "1", "SHOAL_HTTP_LISTEN": "127.0.0.1:1,nonsense"], flags: ["log-level": ["loud"]])
        == [
          "environment variable SHOAL_HTTP_LISTEN: http.listen: 'nonsense' has no port; "
            + "write HOST:PORT, for example 127.0.0.1:5000",
          "environment variable SHOAL_LOG_ACCESS: log.access: '1' is neither true nor false; write true or false",
          "option --log-level: log.level: 'loud' is not among the choices; write debug, info, warning or error",
        ])
  }

  @Test func optionThatIsGivenTwiceIsRefused() {
    #expect(
      problems([:], flags: ["data": ["a", "b"]]) == ["option --data: data takes one value; write a path"])
  }

  @Test(arguments: [
    ("SHOAL_SERVICE_HOST", "10.0.0.1"), ("SHOAL_SERVICE_PORT", "5000"), ("SHOAL_SERVICE_PORT_HTTP", "5000"),
    ("SHOAL_PORT", "tcp://10.0.0.1:5000"), ("SHOAL_PORT_5000_TCP", "tcp://10.0.0.1:5000"),
    ("SHOAL_PORT_5000_TCP_ADDR", "10.0.0.1"), ("SHOAL_PORT_5000_TCP_PORT", "5000"),
    ("SHOAL_PORT_5000_TCP_PROTO", "tcp"), ("SHOAL_MIRROR_SERVICE_HOST", "10.0.0.2"),
  ]) func variablesOfAKubernetesServiceAreNotMeantForUs(_ name: String, _ value: String) {
    #expect(problems([name: value]) == [])
  }

  @Test(arguments: ["SHOAL_PORT", "SHOAL_PORT_X_TCP_ADDR", "SHOAL_SERVICE", "SHOAL_"])
  func whatOnlyLooksLikeAServiceIsUnknown(_ name: String) {
    #expect(problems([name: "5000"]).count == 1)
  }
}

@Suite struct CrossCheckTests {
  private func problems(_ text: String, _ environment: [String: String] = [:]) -> [String] {
    let file = TemporaryFile(text)
    do throws(ConfigurationError) {
      _ = try Settings.load(file: file.path, environment: environment)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test(arguments: [
    "0.0.0.0:5000", "192.168.1.2:5000", "*:5000", "[::]:5000", "[fe80::1]:5000", "[::ffff:127.0.0.1]:1",
  ])
  func listenerBeyondLoopbackNeedsInsecure(_ listener: String) {
    let text = "http: {listen: [127.0.0.1:4999, \"\(listener)\"]}\n"
    let found = problems(text)
    #expect(found.count == 1)
    #expect(found.first?.contains(":1:33: ") == true, "\(found)")
    #expect(found.first?.contains("nothing on the wire is encrypted") == true)
    #expect(found.first?.hasSuffix("say it with insecure: true (SHOAL_INSECURE=true, --insecure)") == true)
    #expect(problems(text + "insecure: true\n") == [])
    #expect(problems(text, ["SHOAL_INSECURE": "true"]) == [])
  }

  @Test func tlsAloneDoesNotOpenAListenerBeyondLoopback() {
    let text = "http: {listen: 0.0.0.0:5000, tls: {certificate: c, key: k}}\n"
    #expect(problems(text).first?.contains("since this release has no users") == true)
    #expect(problems(text + "insecure: true\n") == [])
  }

  @Test(arguments: ["127.0.0.1:1", "127.8.9.10:1", "localhost:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1"])
  func loopbackNeedsNothing(_ listener: String) {
    #expect(problems("http: {listen: \"\(listener)\"}\n") == [])
  }

  @Test(arguments: [
    ("127.0.0.1:1", "127.0.0.1:1", true), ("[::1]:1", "[0::1]:1", true), ("localhost:1", "127.0.0.1:1", true),
    ("*:1", "0.0.0.0:1", true), ("*:1", "*:1", true), ("127.0.0.1:1", "[::1]:1", false),
    ("127.0.0.1:1", "127.0.0.1:2", false), ("127.0.0.1:0", "127.0.0.1:0", false),
  ]) func equalListenersAreRefused(_ one: String, _ other: String, _ isRefused: Bool) {
    let found = problems("insecure: true\nhttp: {listen: [\"\(one)\", \"\(other)\"]}\n")
    #expect(found.count == (isRefused ? 1 : 0), "\(found)")
  }

  @Test func certificateAndKeyComeTogether() {
    #expect(
      problems("http: {tls: {key: k}}").first?.hasSuffix("a key without its certificate; set http.tls.certificate too")
        == true)
    #expect(
      problems("", ["SHOAL_HTTP_TLS_CERTIFICATE": "c"]) == [
        "environment variable SHOAL_HTTP_TLS_CERTIFICATE: a certificate without its key; set http.tls.key too"
      ])
  }
}
