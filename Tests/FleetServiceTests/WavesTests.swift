import BlockingWork
import Testing

@testable import FleetHTTP

struct WavesTests {
  private static let waves = [[1], [], [2, 3], [4]]
  private static let never = Duration.seconds(3600)

  /// Asks; who has it answers with their number, who is deaf with nothing and late.
  private func ask(
    pause: Duration = Self.never, have: Set<Int>, deaf: Set<Int> = []
  ) async -> (answer: Int?, asked: [Int]) {
    let asked = Lock<[Int]>([])
    let answer = await Waves.answer(of: Self.waves, pause: pause) { member in
      asked.withLock { $0.append(member) }
      // Cancelled in the end.
      if deaf.contains(member) { try? await Task.sleep(for: Self.never) }
      return have.contains(member) ? member : nil
    }
    return (answer, asked.withLock { $0.sorted() })
  }

  @Test func whoHasItIsAskedAlone() async {
    let (answer, asked) = await ask(have: [1, 2, 3, 4])
    #expect(answer == 1 && asked == [1])
  }

  @Test func othersAreAskedWhenNoneBeforeHasIt() async {
    let (answer, asked) = await ask(have: [4])
    #expect(answer == 4 && asked == [1, 2, 3, 4])
  }

  @Test func othersAreAskedBesideWhoeverIsLate() async {
    let (answer, asked) = await ask(pause: .milliseconds(10), have: [4], deaf: [1, 2])
    #expect(answer == 4 && asked == [1, 2, 3, 4])
  }

  @Test func nobodyMayHaveIt() async {
    let (answer, asked) = await ask(have: [])
    #expect(answer == nil && asked == [1, 2, 3, 4])
  }
}
