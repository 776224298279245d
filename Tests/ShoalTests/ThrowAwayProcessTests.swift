import BlockingWork
import Glibc
import RegistryCore
import Testing

@testable import shoal

/// Children that misbehave, played by the shell.
@Suite struct ThrowAwayProcessTests {
  private func child(_ script: String, deadline: Duration = .seconds(60), limit: Int = 1 << 20) -> ThrowAwayProcess {
    ThrowAwayProcess(program: "/bin/sh", arguments: ["-c", script], deadline: deadline, outputByteLimit: limit)
  }

  private func failure(_ child: ThrowAwayProcess) -> ThrowAwayProcess.Failure? {
    do throws(ThrowAwayProcess.Failure) {
      _ = try child.run()
      return nil
    } catch {
      return error
    }
  }

  @Test func outputIsWhatItSaid() throws {
    #expect(try child("printf found; echo noise >&2").run() == Array("found".utf8))
    #expect(try child("head -c 300000 /dev/zero").run() == [UInt8](repeating: 0, count: 300_000))
  }

  @Test func oneThatFailsSaysWhy() {
    #expect(failure(child("echo nobody knew >&2; exit 3")) == .ended(code: 3, words: "nobody knew\n"))
    #expect(failure(child("kill -9 $$")) == .signal(9))
    #expect(
      failure(ThrowAwayProcess(program: "/no/such", arguments: [], deadline: .seconds(5), outputByteLimit: 1))
        == .system(ENOENT))
  }

  @Test func oneThatTakesTooLongIsKilled() throws {
    let clock = ContinuousClock.now
    #expect(failure(child("exec sleep 60", deadline: .milliseconds(200))) == .late)
    // It lets go of its pipes and lingers.
    #expect(failure(child("exec >&- 2>&-; exec sleep 60", deadline: .milliseconds(200))) == .late)
    #expect(ContinuousClock.now - clock < .seconds(30))
  }

  @Test func oneThatNobodyWaitsForIsKilledAndOneThatWaitedInVainIsNotStarted() {
    let answers = Lock(3)
    var unwanted = child("exec sleep 60", deadline: .seconds(60))
    unwanted.isUnwanted = {
      answers.withLock { left in
        left -= 1
        return left < 0
      }
    }
    let clock = ContinuousClock.now
    #expect(failure(unwanted) == .unwanted)
    #expect(failure(unwanted) == .unwanted)
    #expect(ContinuousClock.now - clock < .seconds(30))
  }

  @Test func oneThatSaysTooMuchIsKilled() {
    #expect(failure(child("cat /dev/zero", limit: 1000)) == .talkative)
    #expect(failure(child("cat /dev/zero >&2", deadline: .milliseconds(300))) == .late)
  }

  @Test func itHasNoEnvironmentAndNoDescriptorOfOurs() throws {
    let file = open("/dev/null", O_RDONLY)
    defer { close(file) }
    #expect(try child("/usr/bin/env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | head -c 100").run().isEmpty)
    let listed = String(decoding: try child("ls /proc/$$/fd").run(), as: UTF8.self)
    #expect(listed.split(separator: "\n").compactMap { Int($0) }.allSatisfy { $0 <= 2 || $0 == 10 }, "\(listed)")
  }
}

/// What the node makes of what a child says.
@Suite struct MagnetChildTests {
  private static let link = "magnet:?xt=urn:btih:" + String(repeating: "a", count: 40)

  /// - Parameter script: stands in for the program, and ignores its arguments.
  private func error(_ script: String) async throws -> RegistryError? {
    let file = "/tmp/shoal-child-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    // Written by another process: a child that another test starts just then would have this one's descriptor for a
    // moment, and what is open for writing is not executed.
    let made = ThrowAwayProcess(
      program: "/bin/sh",
      arguments: ["-c", #"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod 700 "$2""#, "sh", script, file],
      deadline: .seconds(60), outputByteLimit: 1)
    _ = try made.run()
    defer { unlink(file) }
    let child = MagnetChild(program: file, dhtNodes: nil, patience: .seconds(60))
    defer { child.stop() }
    do throws(RegistryError) {
      _ = try await child.resolve(try MagnetLink(parsing: Self.link), [])
      return nil
    } catch {
      return error
    }
  }

  @Test func nonsenseIsRefusedLikeAnyTorrentFromOutside() async throws {
    #expect(try await error("echo hello")?.code == .torrentInvalid)
    #expect(try await error(":")?.code == .torrentInvalid)
  }

  @Test func anotherTorrentThanThatOfTheLinkIsRefused() async throws {
    let info =
      "d4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
    let error = try await error("printf '\(info)'")
    #expect(error?.code == .torrentInvalid)
    #expect(error?.message.contains("another torrent") == true, "\(String(describing: error))")
  }

  @Test func itsOwnWordsAreTheReason() async throws {
    let error = try await error("echo 'shoal: no peer had it' >&2; exit 1")
    #expect(error?.message == "no peer had it")
    #expect(error?.code == .unavailable)
  }

  @Test func whoeverLeavesTakesTheProcessAlong() async throws {
    let clock = ContinuousClock.now
    let asking = Task { try await error("exec sleep 60") }
    asking.cancel()
    #expect(try await asking.value?.message.contains("cancelled") == true)
    #expect(ContinuousClock.now - clock < .seconds(30))
  }

  @Test func crashIsTheChildsAlone() async throws {
    let error = try await error("kill -SEGV $$")
    #expect(error?.code == .unavailable)
    #expect(error?.cause?.contains("signal 11") == true)
  }
}
