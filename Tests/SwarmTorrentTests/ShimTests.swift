import CTorrent
import Glibc
import Testing

@Suite struct ShimTests {
  @Test func theLibraryThatIsLoadedIsTheOneThatWasCompiledAgainst() {
    #expect(String(cString: ct_version()).hasPrefix("2.0."))
  }

  /// The defines change the layout of libtorrent's classes, and SwiftPM takes none from pkg-config.
  @Test func theShimIsCompiledWithTheFlagsThatPkgConfigNames() throws {
    let stream = try #require(popen("pkg-config --cflags libtorrent-rasterbar", "r"))
    var flags: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF { flags.append(UInt8(byte)) }
    #expect(pclose(stream) == 0)
    let words = String(decoding: flags, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    let defines = words.filter { $0.hasPrefix("-D") }.map { String($0.dropFirst(2)) }
    #expect(defines.contains("TORRENT_USE_OPENSSL"))
    #expect(words.contains("-fexceptions"))

    let compiled = String(cString: ct_defines()).split(separator: " ").map(String.init)
    #expect(compiled.contains("exceptions"))
    #expect(Set(compiled).subtracting(["exceptions"]) == Set(defines))
  }
}
