import RegistryCore
import Testing

@testable import FleetCore

@Suite struct InviteTokenTests {
  private let token = JoinBench.token(["192.0.2.1:6001", "[2001:db8::1]:6001", "node-a.example:6001"])

  private func fault(_ text: String) -> InviteTokenFault? {
    do throws(InviteTokenFault) {
      _ = try InviteToken(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  @Test func aTokenComesBackAsItWasWritten() throws {
    let text = token.text
    #expect(try InviteToken(parsing: text) == token)
    #expect(try InviteToken(parsing: " \t\(text)\r\n") == token)
    #expect(text.hasPrefix("shoal1"))
    #expect(
      text.utf8.allSatisfy {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
      })
    #expect(text.utf8.count < 300)
  }

  @Test func aTokenThatWasCutIsKnownForOne() {
    let text = token.text
    for length in 5..<text.count { #expect(fault(String(text.prefix(length))) == .cut, "cut to \(length)") }
    for length in 0..<5 { #expect(fault(String(text.prefix(length))) == .notAToken) }
  }

  @Test func everyWrongLetterIsNoticed() {
    let text = Array(token.text.utf8)
    for place in text.indices.dropFirst(6) {
      for letter in "0aoil-_U ".utf8 where letter != text[place] {
        var wrong = text
        wrong[place] = letter
        let fault = fault(String(decoding: wrong, as: UTF8.self))
        // A wrong letter among those that count may make the token look cut, and a space at its end does cut it.
        let looksCut = place < 10 || place == text.count - 1 && letter == UInt8(ascii: " ")
        #expect(fault == .mistyped || (looksCut && fault == .cut), "letter \(place)")
      }
    }
  }

  @Test func twoLettersInTheWrongOrderAreNoticed() {
    let text = Array(token.text.utf8)
    for place in 10..<text.count - 1 where text[place] != text[place + 1] {
      var wrong = text
      wrong.swapAt(place, place + 1)
      #expect(fault(String(decoding: wrong, as: UTF8.self)) == .mistyped)
    }
  }

  @Test func whatElseIsPastedIsRefusedWithAdvice() {
    let text = token.text
    #expect(fault(text + text) == .mistyped && fault(text + "0") == .mistyped && fault("\(text) \(text)") == .mistyped)
    #expect(fault("shoal2" + text.dropFirst(6)) == .otherVersion)
    for other in ["", " ", "docker swarm join", text.uppercased(), "'\(text)'", "token: \(text)"] {
      #expect(fault(other) == .notAToken)
    }
    #expect(fault(String(repeating: "x", count: InviteToken.textByteLimit + 1)) == .notAToken)
    for fault in [InviteTokenFault.notAToken, .otherVersion, .cut, .mistyped] {
      #expect(fault.description.contains(":"), "it does not say what to do")
    }
  }

  /// A token of these bytes, counted and summed as it should be.
  private func text(_ rest: [UInt8]) -> String {
    let counted = UInt16(rest.count).bigEndianBytes + rest
    return "shoal1" + Crockford.encode(counted + CheckSum.crc32(counted).bigEndianBytes)
  }

  @Test func whatIsSummedRightAndSaysNonsenseIsRefused() {
    let head = token.fleet.bytes + token.id.bytes + token.secret.bytes + [0, 0, 0, 1]
    func address(_ text: String) -> [UInt8] { UInt16(text.utf8.count).bigEndianBytes + Array(text.utf8) }
    #expect(fault(text(head + address("a.example:1"))) == nil)
    for bad in [
      [], head, Array(head.dropLast()), head + [0], head + address(""), head + address("A.example:1"),
      head + address("a.example:0"), head + address("a.example:1") + address("a.example:1"), head + [0, 200, 97],
      head + (1...9).flatMap { address("192.0.2.\($0):1") }, head + [0, 1, 0xff],
    ] { #expect(fault(text(bad)) == .mistyped) }
  }

  @Test func theSecretIsNotShown() {
    #expect(!"\(token)".contains("5, 5") && "\(token.secret)" == "(a secret)")
    #expect(!String(reflecting: token.secret).contains("5"))
  }

  @Test func sumsAndLettersAreThoseOfTheirStandards() {
    #expect(CheckSum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(
      Crockford.encode([]) == "" && Crockford.encode([0xff]) == "zw" && Crockford.encode([0, 0, 0, 0, 1]) == "00000001")
    for length in 0..<20 {
      let bytes = (0..<length).map { UInt8($0 * 37 & 255) }
      #expect(Crockford.decode(Crockford.encode(bytes).utf8) == bytes)
    }
    #expect(Crockford.decode("u".utf8) == nil && Crockford.decode("A".utf8) == nil)
  }
}
