import RegistryCore

/// What every implementation of `Statements` does.
public enum StatementsContract {
  public static let clauses: [StoreClause<any Statements>] = [
    StoreClause("whatIsKeptComesBackFromItsShelfAlone") { statements in
      let changes = [
        StatementChange(.record, key: [1], value: [10]), StatementChange(.card, key: [1], value: [20, 0, 255]),
        StatementChange(.record, key: [], value: []),
      ]
      try await statements.keep(changes)
      let records = Set(try await statements.all(on: .record))
      try StoreViolation.unlessEqual(
        records, [Statement(key: [1], value: [10]), Statement(key: [], value: [])], "records")
      try StoreViolation.unlessEqual(
        try await statements.all(on: .card), [Statement(key: [1], value: [20, 0, 255])], "cards")
      try StoreViolation.unlessEqual(try await statements.all(on: .invite), [], "invitations")
    },
    StoreClause("theLastWordUnderAKeyStands") { statements in
      try await statements.keep([StatementChange(.invite, key: [7], value: [1])])
      try await statements.keep([
        StatementChange(.invite, key: [7], value: [2]), StatementChange(.invite, key: [8], value: [3]),
        StatementChange(.invite, key: [8], value: nil), StatementChange(.invite, key: [9], value: nil),
      ])
      try StoreViolation.unlessEqual(
        try await statements.all(on: .invite), [Statement(key: [7], value: [2])], "invitations")
    },
  ]
}
