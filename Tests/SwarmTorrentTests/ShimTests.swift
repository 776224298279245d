import CTorrent
import Testing

@Suite struct ShimTests {
  @Test func theLibraryThatIsLoadedIsTheOneThatWasCompiledAgainst() {
    #expect(String(cString: ct_version()).hasPrefix("2.0."))
  }
}
