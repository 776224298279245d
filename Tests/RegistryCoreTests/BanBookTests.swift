import RegistryCore
import Testing

struct BanBookTests {
  private let begun = ContinuousClock.now

  private static func node(_ number: UInt8) -> NodeID { NodeID([UInt8](repeating: number, count: NodeID.byteCount))! }
  private let digest = try! Digest(parsing: "sha256:" + String(repeating: "a", count: 64))

  private func after(_ seconds: Int) -> BanBook.Instant { begun + .seconds(seconds) }

  @Test func whoLiedIsRememberedForAWhileAndThenForgotten() {
    var book = BanBook(limit: 8, memory: .seconds(60))
    #expect(book.note(Self.node(1), .swarm, digest, at: begun) == true, "it is new")
    #expect(book.isBanned(Self.node(1), at: after(59)) && !book.isBanned(Self.node(2), at: begun))
    #expect(!book.isBanned(Self.node(1), at: after(60)) && book.all(at: after(60)).isEmpty)
    #expect(book.note(Self.node(1), .swarm, digest, at: after(61)) == true, "it is new again")
    #expect(book.all(at: after(61)).map(\.count) == [1])
  }

  @Test func whoLiesAgainIsRememberedForLongerAndToldOfOnce() {
    var book = BanBook(limit: 8, memory: .seconds(60))
    #expect(book.note(Self.node(1), .swarm, digest, at: begun) == true)
    #expect(book.note(Self.node(1), .channel, nil, at: after(50)) == false)
    let ban = book.all(at: after(100)).first
    #expect(ban?.way == .channel && ban?.digest == nil && ban?.count == 2 && ban?.until == after(110))
  }

  @Test func whenThereAreTooManyTheOneThatWouldGoFirstGoes() {
    var book = BanBook(limit: 3, memory: .seconds(60))
    for number in 1...3 { _ = book.note(Self.node(UInt8(number)), .channel, digest, at: after(number)) }
    _ = book.note(Self.node(1), .channel, digest, at: after(9))
    _ = book.note(Self.node(4), .channel, digest, at: after(10))
    #expect(book.all(at: after(10)).map(\.member) == [4, 1, 3].map(Self.node))
  }

  @Test func allAreForgottenAtOnce() {
    var book = BanBook(limit: 3, memory: .seconds(60))
    _ = book.note(Self.node(1), .swarm, digest, at: begun)
    book.forgetAll()
    #expect(!book.isBanned(Self.node(1), at: begun))
  }
}
