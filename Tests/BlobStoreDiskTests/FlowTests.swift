import BlockingWork
import Glibc
import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// How much an upload may have waiting, and that it waits in order.
@Suite struct FlowTests {
  @Test func whoFindsNoRoomWaitsInLineAlsoWhenLaterOnesWouldFit() async throws {
    let room = ByteRoom(limit: 10)
    let entered = Lock<[Int]>([])
    await room.enter(8)
    await withTaskGroup(of: Void.self) { group in
      for (place, weight) in [6, 1, 5].enumerated() {
        group.addTask {
          await room.enter(weight)
          entered.withLock { $0.append(weight) }
        }
        await eventually { room.lineCount == place + 1 }
      }
      // More than half is still taken: nobody is woken for so little.
      room.leave(2)
      #expect(room.lineCount == 3)
      room.leave(6)
      // Six and one fit; five do not until the six leave.
      #expect(room.lineCount == 1)
      await eventually { entered.withLock { $0.count } == 2 }
      room.leave(6)
      await group.waitForAll()
    }
    #expect(Set(entered.withLock { $0 }.prefix(2)) == [6, 1])
    #expect(entered.withLock { $0.last } == 5)
  }

  @Test func whatIsLargerThanTheRoomEntersAnEmptyOne() async {
    let room = ByteRoom(limit: 10)
    await room.enter(100)
    room.leave(100)
    await room.enter(10)
    #expect(room.lineCount == 0)
  }

  @Test func anUploadThatIsNotWrittenTakesItsLimitAndNoMore() async throws {
    let files = GatedFileSystem(inner: RecordingFileSystem())
    let life = try ObservedLife(on: files, history: CrashHistory(files: RecordingFileSystem()))
    let bytes = seededBytes(5 << 20, seed: 1)
    let chunkBytes = 256 << 10
    let sink = try await life.stores.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
    files.close()
    let sending = Task {  // Of its own, since it must wait while the test looks on.
      for at in stride(from: 0, to: bytes.count, by: chunkBytes) {
        try await sink.append(Array(bytes[at..<(at + chunkBytes)]))
      }
    }
    // Each chunk also weighs its array, so that the eighth does not fit.
    await eventually { sink.offset == Int64(7 * chunkBytes) }
    for _ in 0..<1000 { await Task.yield() }
    #expect(sink.offset == Int64(7 * chunkBytes))
    files.open()
    try await sending.value
    #expect(try await sink.seal(as: .hashing(bytes)).size == Int64(bytes.count))
  }

  @Test func chunksThatWaitAreWrittenByOneCall() async throws {
    let recording = RecordingFileSystem()
    let files = GatedFileSystem(inner: recording)
    let life = try ObservedLife(on: files, history: CrashHistory(files: recording))
    let sink = try await life.stores.uploads.begin(ObservedLife.key(1), algorithm: .sha256)
    files.close()
    let before = recording.stepCount
    for byte: UInt8 in 0..<100 { try await sink.append([byte]) }
    files.open()
    try await sink.settle()
    // The first may have gone ahead alone.
    #expect(recording.stepCount - before <= 2)
    _ = try await sink.seal(as: .hashing(Array(0..<100)))
  }
}

/// Waits for what is sure to come; a test that hangs says where.
func eventually(_ condition: () -> Bool, at location: SourceLocation = #_sourceLocation) async {
  let deadline = time(nil) + 120
  while !condition() {
    if time(nil) > deadline {
      Issue.record("it did not come", sourceLocation: location)
      return
    }
    await Task.yield()
  }
}
