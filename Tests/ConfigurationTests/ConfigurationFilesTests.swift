import Glibc
import Testing

@testable import Configuration

@Suite struct ConfigurationFilesTests {
  private static let root = String(#filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined())

  private func text(_ path: String) throws -> String {
    let file = try #require(fopen("\(Self.root)/\(path)", "r"), "\(path) is missing")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func exampleFileIsWhatTheTableMakes() throws {
    let isCurrent = try text("config/shoal.yaml") == ConfigurationPages.exampleFile
    #expect(isCurrent, "run: shoal document example > config/shoal.yaml")
  }

  @Test func pageOfTheDocsIsWhatTheTableMakes() throws {
    let isCurrent = try text("docs/CONFIGURATION.md") == ConfigurationPages.page
    #expect(isCurrent, "run: shoal document page > docs/CONFIGURATION.md")
  }

  @Test func everyFileInConfigIsSound() throws {
    let folder = try #require(opendir("\(Self.root)/config"))
    defer { closedir(folder) }
    var files: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".yaml") { files.append("\(Self.root)/config/\(name)") }
    }
    #expect(files.count >= 3)
    let report = checkConfiguration(files)
    #expect(report.isSound, "\(report.files.compactMap(\.error))")
  }

  @Test func exampleFileWithItsCommentsTakenAwayIsTheDefault() throws {
    let lines = ConfigurationPages.exampleFile.split(separator: "\n").compactMap { line -> String? in
      let content = line.drop { $0 == " " }
      guard content.hasPrefix("#"), !content.hasPrefix("# ") else { return String(line) }
      return content.hasSuffix(":") ? nil : String(line.prefix { $0 == " " }) + content.dropFirst()
    }
    let file = TemporaryFile(lines.joined(separator: "\n"))
    #expect(lines.count > SettingKey.all.count)
    #expect(try Settings.load(file: file.path) == Settings())
  }

  @Test func everyPropertyOfTheSettingsHasOneKey() {
    func leaves(_ value: Any) -> Int {
      let mirror = Mirror(reflecting: value)
      guard mirror.displayStyle == .struct, !(value is ListenAddress), !(value is Duration) else { return 1 }
      return mirror.children.reduce(0) { $0 + leaves($1.value) }
    }
    #expect(leaves(Settings()) == SettingKey.all.count)
  }

  @Test func namesOfKeysVariablesAndOptionsAreUnique() {
    let keys = SettingKey.all
    #expect(Set(keys.map(\.name)).count == keys.count)
    #expect(Set(keys.map(\.environmentName)).count == keys.count)
    #expect(Set(keys.compactMap(\.flag)).count == keys.compactMap(\.flag).count)
    #expect(!keys.contains { $0.flag == "config" || $0.environmentName == "SHOAL_CONFIG" })
    #expect(SettingNames.sections.isDisjoint(with: keys.map(\.name)))
  }

  @Test func keysOutsideOfASectionComeOnlyBeforeItsNextOne() {
    var seen: [String] = []
    for key in SettingKey.all {
      let section = key.section ?? ""
      if seen.last != section { #expect(!seen.contains(section) || section.isEmpty, "\(section) is torn apart") }
      seen.append(section)
    }
  }
}
