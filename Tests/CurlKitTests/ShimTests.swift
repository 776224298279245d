import CCurl
import Glibc
import Testing

@Suite struct ShimTests {
  /// A program has one OpenSSL: the connections' contexts are handed from libcurl's to ours.
  @Test func theLibraryThatIsLoadedIsTheOneThatWasCompiledAgainstAndSpeaksByOpenSSL() throws {
    let information = try #require(curl_version_info(CURLVERSION_FIRST)).pointee
    #expect(information.version_num >> 16 == LIBCURL_VERSION_NUM >> 16)
    #expect(String(cString: information.ssl_version).hasPrefix("OpenSSL/3."))
    #expect(information.features & CURL_VERSION_ASYNCHDNS != 0)
    #expect(information.features & CURL_VERSION_THREADSAFE != 0)
  }

  /// SwiftPM takes no defines from pkg-config: there must be none to take.
  @Test func pkgConfigNamesNothingThatTheShimIsCompiledWithout() throws {
    let stream = try #require(popen("pkg-config --cflags --libs libcurl", "r"))
    var flags: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF { flags.append(UInt8(byte)) }
    #expect(pclose(stream) == 0)
    let words = String(decoding: flags, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    #expect(words.filter { !$0.hasPrefix("-I") && !$0.hasPrefix("-L") } == ["-lcurl"])
  }
}
