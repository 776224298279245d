import RegistryCore

/// Asks some, then more.
enum Waves {
  private enum Word<Answer: Sendable>: Sendable {
    case answer(Answer)
    case nothing
    /// Those asked last are waited for no longer alone; so many waves were left.
    case late(Int)
  }

  /// The first answer. The next wave is asked when everybody before has none, or the pause is over.
  static func answer<Member: Sendable, Answer: Sendable>(
    of waves: [[Member]], pause: Duration, ask: @escaping @Sendable (Member) async -> Answer?
  ) async -> Answer? {
    var waves = waves.filter { !$0.isEmpty }[...]
    return await withTaskGroup(of: Word<Answer>.self) { group in
      var asked = 0
      while let wave = waves.popFirst() {
        asked += wave.count
        for member in wave { group.addTask { await ask(member).map { .answer($0) } ?? .nothing } }
        let left = waves.count
        if left > 0 {
          group.addTask {
            // Cancelled: the answer is here.
            try? await Task.sleep(for: pause)
            return .late(left)
          }
        }
        words: while asked > 0, let word = await group.next() {
          switch word {
          case .answer(let answer):
            group.cancelAll()
            return answer
          case .nothing: asked -= 1
          case .late(left): break words
          // Of a wave before.
          case .late: break
          }
        }
      }
      group.cancelAll()
      return nil
    }
  }
}
