import Testing

@testable import FleetHTTP

struct IssuerClockTests {
  @Test func theDateOfAnAnswerIsRead() {
    #expect(IssuerClock.parse("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    for text in ["", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "784111777"] {
      #expect(IssuerClock.parse(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [(784_111_777, 0), (784_111_778, 0), (784_115_377, 3600), (784_108_177, -3600)] as [(Int64, Int64)])
  func theDifferenceIsWhatTheQuestionsTimeDoesNotExplain(_ now: Int64, _ ahead: Int64) {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(IssuerClock.seconds(aheadOf: date, sent: now, answered: now) == ahead)
    #expect(IssuerClock.seconds(aheadOf: nil, sent: now, answered: now) == nil)
  }

  @Test func aSlowAnswerIsNoWrongClock() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(IssuerClock.seconds(aheadOf: date, sent: 784_111_770, answered: 784_111_790) == 0)
  }
}
