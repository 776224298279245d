import FleetCore
import RegistryCore
import SwarmCore
import Testing

@Suite struct LoopbackBookTests {
  private var book = LoopbackBook()

  private func member(_ bytes: [UInt8]) throws -> NodeID {
    try #require(NodeID(bytes + [UInt8](repeating: 0, count: NodeID.byteCount - bytes.count)))
  }

  @Test mutating func aMemberKeepsItsAddress() throws {
    let member = try member([1, 2, 3, 4, 5, 6, 7, 8])
    let found = book.address(of: member)
    let address = try #require(found)
    #expect(address.hasPrefix("127.77."))
    #expect(book.address(of: member) == address)
    #expect(book.member(at: address) == member)
    var another = LoopbackBook()
    #expect(another.address(of: member) == address)
  }

  @Test mutating func twoMembersNeverShareOne() throws {
    // The same first choice.
    let one = try member([0, 0, 0, 0, 0, 0, 0, 1, 1])
    let other = try member([0, 0, 0, 0, 0, 0, 0, 1, 2])
    let (first, second) = (book.address(of: one), book.address(of: other))
    #expect(first != second)
  }

  @Test mutating func allAddressesCanBeGivenAndNoMore() throws {
    var given: Set<String> = []
    for number in 0..<LoopbackBook.limit {
      let member = try member([0, 0, 0, 0, 0, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)])
      let found = book.address(of: member)
      given.insert(try #require(found))
    }
    #expect(given.count == LoopbackBook.limit)
    #expect(!given.contains(LoopbackBook.own))
    #expect(given.contains("127.77.0.2"))
    #expect(given.contains("127.77.255.254"))
    #expect(!given.contains { $0.hasSuffix(".0") || $0.hasSuffix(".255") })
    #expect(book.address(of: try member([9, 9, 9, 9, 9, 9, 9, 9, 9])) == nil)
  }

  @Test(arguments: ["127.77.0.1", "127.77.0.0", "127.77.256.2", "127.0.0.2", "127.77.1", "", "a.b.c.d", "127.77.0.2.3"])
  func nobodyIsAtAnotherAddress(address: String) { #expect(book.member(at: address) == nil) }
}
