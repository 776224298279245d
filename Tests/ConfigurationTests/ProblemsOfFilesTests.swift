import Testing

@testable import Configuration

@Suite struct ProblemsOfFilesTests {
  /// What `load` says about a file with this text, without the path.
  private func problems(_ bytes: [UInt8]) -> [String] {
    let file = TemporaryFile(bytes: bytes)
    do throws(ConfigurationError) {
      _ = try Settings.load(file: file.path)
      return []
    } catch {
      return error.problems.map { String($0.description.dropFirst(file.path.count + 1)) }
    }
  }

  private func problems(_ text: String) -> [String] { problems(Array(text.utf8)) }

  @Test func everyProblemIsToldAtOnceInTheOrderOfTheLines() {
    let text = """
      http:
        listn: 127.0.0.1:5000
        loops: two
        tls:
          certificate: x
      insecure: yes
      limits:
        manifest_bytes: 4MB
        uploads: 0
      timeouts:
        idle: 10
      log: debug
      """
    #expect(
      problems(text) == [
        "2:3: unknown key 'http.listn'; did you mean 'http.listen'?",
        "3:10: http.loops: 'two' is no whole number; write a number from 0 to 1024",
        "5:18: a certificate without its key; set http.tls.key too",
        "6:11: insecure: 'yes' is neither true nor false; write true or false",
        "8:19: limits.manifest_bytes: 'MB' is no unit; write bytes, or a number with KiB, MiB, GiB or TiB, "
          + "for example 4MiB",
        "9:12: limits.uploads: 0 is out of range; write a number from 1 to 1000000",
        "11:9: timeouts.idle: '10' has no unit; write a number with ms, s, m or h, for example 30s",
        "12:6: log holds keys, not a value; write level, format, access below it",
      ])
  }

  @Test(arguments: [
    ("listen: 127.0.0.1:1\n", "1:1: unknown key 'listen'; did you mean 'http.listen'?"),
    ("tls:\n  key: a\n", "1:1: unknown key 'tls'; did you mean the section 'http.tls'?"),
    (
      "torrent: {public: ['Team/*']}\n", "1:20: torrent.public: 'Team/*' is no pattern of repositories; write library/*"
    ),
    ("torrent: {public: ['a**']}\n", "1:20: torrent.public: 'a**' is no pattern"),
    ("torrent: {advertise: '*:6881'}\n", "1:22: torrent.advertise: '*:6881' is nowhere that others can reach"),
    ("torrent: {url: 'registry.example'}\n", "1:16: torrent.url: 'registry.example' is no such URL; write http://"),
    ("torrent: {url: 'http://a/?b'}\n", "1:16: torrent.url: paths cannot be put behind"),
    ("torrent: {url: 'http://u:p@a'}\n", "1:16: torrent.url: 'http://u:p@a' names no host"),
    ("torrent: {url: 'http://:80'}\n", "1:16: torrent.url: 'http://:80' names no host"),
    ("torrent: {url: 'http://[::1'}\n", "1:16: torrent.url: 'http://[::1' names no host"),
    ("torrent: {url: 'http://a:'}\n", "1:16: torrent.url: what stands behind the host of 'http://a:' is no port"),
    ("torrent: {url: 'http://a:65536'}\n", "1:16: torrent.url: what stands behind the host of 'http://a:65536' is no"),
    ("torrent: {url: 'http://[::1]x'}\n", "1:16: torrent.url: what stands behind the host of 'http://[::1]x' is no"),
    ("torrent: {trackers: ['udp://a:0/b']}\n", "1:22: torrent.trackers: what stands behind the host of 'udp://a:0/b'"),
    ("torrent: {trackers: ['ws://a']}\n", "1:22: torrent.trackers: 'ws://a' is no such URL"),
    (
      "push: {ack: replicated}\nmanifests: {sparse: true}\n",
      "1:13: push.ack: replicated waits until members have all of an image"
    ),
    (
      "torrent: {public: ['**'], listen: ['127.0.0.1:5000']}\n",
      "1:36: 127.0.0.1:5000 takes the port of http.listen 127.0.0.1:5000"
    ),
    ("colour: red\n", "1:1: unknown key 'colour'; known here: data, http, insecure, names, limits, timeouts,"),
    ("log: {colour: red}\n", "1:7: unknown key 'log.colour'; known here: level, format, access"),
    ("log.level: debug\n", "1:1: 'log.level' has a dot in it; write the part after the dot"),
    ("data: a\ndata: b\n", "2:1: 'data' stands here a second time, first in line 1; keep one of them"),
    ("data:\n", "1:6: data has no value; write one (a path), or take the line out"),
    ("data: ''\n", "1:7: data: a path must not be empty; write one, or take the key out"),
    ("data: {a: b}\n", "1:7: data takes a value, not keys; write a path"),
    ("data: [a]\n", "1:7: data takes one value, not a list; write a path"),
    ("http: {listen: []}\n", "1:16: http.listen is an empty list; write one (a list of HOST:PORT)"),
    ("http: {listen: [[a]]}\n", "1:17: this is no item of http.listen; write"),
    ("- data\n", "1:1: this is no configuration; write KEY: VALUE"),
    ("data\n", "1:1: this is no configuration; write KEY: VALUE"),
    ("? [a]\n: b\n", "1:3: this is no key; a key is a word before a colon"),
    ("data: !!str x\n", "1:7: a tag stands here; a configuration has none"),
    ("data: &a x\n", "1:7: an anchor stands here; a configuration has none"),
    ("data: a\n---\ndata: b\n", "2:1: a second document starts here; keep one configuration in a file"),
    ("http:\n\tloops: 1\n", "2:1: found character that cannot start any token; the line starts with a tab: indent"),
    ("http:\n  loops: 1\n   data: 2\n", "3:8: mapping values are not allowed in this context; keys of one section"),
    ("data: \"a\n", "2:1: found unexpected end of stream; a quote or a bracket was opened before and not closed"),
    ("http: {listen: *:5000}\n", "1:17: did not find expected alphabetic or numeric character; put an address"),
    ("http:\n  listen:\n  - [::1]:5000\n", "3:6: did not find expected node content; put an address that starts with"),
    ("data: a\u{1B}[31m\n", "1:8: control characters are not allowed"),
    ("\"a\\eb\": 1\n", "1:1: unknown key 'a\u{FFFD}b'; known here"),
    ("limits: {blob_bytes: 99999999999999999999}\n", "1:22: limits.blob_bytes: '99999999999999999999' is no size"),
    ("limits: {blob_bytes: 18446744073709551615TiB}\n", "1:22: limits.blob_bytes: 18446744073709551615TiB is out of"),
    ("limits: {blob_bytes: 18446744073709551615}\n", "1:22: limits.blob_bytes: 18446744073709551615 is out of range"),
    ("limits: {uploads: -1}\n", "1:19: limits.uploads: '-1' is no whole number"),
    ("timeouts: {head: 1d}\n", "1:18: timeouts.head: 'd' is no unit; write a number with ms, s, m or h"),
    ("timeouts: {head: 99999999h}\n", "1:18: timeouts.head: 99999999h is out of range; write a duration from 100ms"),
    ("log: {level: verbose}\n", "1:14: log.level: 'verbose' is not among the choices; write debug, info, warning or"),
  ]) func eachMistakeHasItsPlaceReasonAndAdvice(_ text: String, _ expected: String) {
    let found = problems(text)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.hasPrefix(expected) == true, "\(found)")
  }

  @Test func bytesThatAreNotUTF8AreFoundAtTheirPlace() {
    let text = Array("data: é\nlog: ".utf8) + [0xFF, 0x0A]
    #expect(problems(text) == ["2:6: this is not UTF-8; save the file as UTF-8"])
  }

  @Test func aliasesAreNeverExpanded() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<30 {
      text += "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]\n"
    }
    #expect(problems(text).contains { $0.hasPrefix("2:10: this refers to an anchor") })
  }

  @Test func depthAndSizeHaveTheirBounds() {
    #expect(
      problems(String(repeating: "[", count: 200_000)) == [
        "1:10: this is nested too deep; no key has more than three names"
      ])
    let large = String(repeating: "# a comment\n", count: 30_000)
    #expect(problems(large) == [" the file is larger than 256 KiB; is this a configuration?"])
  }

  @Test func problemsBeyondTheLimitAreCounted() {
    let file = TemporaryFile((0..<1000).map { "key\($0): 1\n" }.joined())
    #expect {
      try Settings.load(file: file.path)
    } throws: { error in
      guard let error = error as? ConfigurationError else { return false }
      return error.problems.count == 50 && error.more == 950 && error.description.hasSuffix("\nand 950 more")
    }
  }

  @Test func fileThatCannotBeReadIsToldWithTheReason() {
    let report = checkConfiguration(["/nonexistent/shoal.yaml", "/tmp"])
    #expect(!report.isSound)
    #expect(
      report.files.compactMap(\.error?.description) == [
        "/nonexistent/shoal.yaml: cannot be read: No such file or directory; check the path and who may read it",
        "/tmp: cannot be read: Is a directory; check the path and who may read it",
      ])
  }

  @Test func noMutationOfTheExampleBreaksTheReader() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SplitMix(state: seed)
    let example = ConfigurationPages.exampleFile.split(separator: "\n").map { line in
      line.drop { $0 == " " }.hasPrefix("# ") ? "" : line.map { $0 == "#" ? "" : String($0) }.joined()
    }.filter { !$0.isEmpty }.joined(separator: "\n")
    let pieces = [
      "&a", "*a", "[", "]", "{", "}", ":", "- ", "\t", "\"", "'", "!", "|", "\n", " ", "---\n", "\u{0}", "é",
    ]
    for _ in 0..<500 {
      var bytes = Array(example.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.remove(at: at)
        case 1: bytes[at] = UInt8.random(in: 0 ... .max, using: &random)
        default: bytes.insert(contentsOf: pieces.randomElement(using: &random).map { Array($0.utf8) } ?? [], at: at)
        }
      }
      var draft = SettingsDraft()
      FileSource(path: "mutant").apply(bytes, to: &draft)
      for problem in draft.problems {
        guard case .file("mutant", let mark?) = problem.place, mark.line >= 1, mark.column >= 1 else {
          Issue.record("a problem without a place: \(problem)")
          return
        }
      }
    }
  }
}

/// A generator whose run a seed repeats.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
