import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

private let clauses =
  NamesContract.clauses + CatalogueContract.clauses + ContentContract.clauses + TicketsContract.clauses
  + TorrentWishesContract.clauses

@Suite struct ContractTests {
  @Test(arguments: clauses) func sqliteKeepsTheContract(_ clause: CatalogClause) async throws {
    try await withCatalog { try await clause.check($0) }
  }

  @Test(arguments: clauses) func sqliteKeepsTheContractWithoutItsCaches(_ clause: CatalogClause) async throws {
    try await withCatalog(limits: .none) { try await clause.check($0) }
  }

  @Test(arguments: clauses) func theMemoryFakeKeepsTheContract(_ clause: CatalogClause) async throws {
    try await clause.check(MemoryCatalog(node: .test(), clock: HeldClock()))
  }
}
