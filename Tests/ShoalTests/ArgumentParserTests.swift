import Configuration
import Testing

@testable import shoal

@Suite struct ArgumentParserTests {
  private func invocation(_ words: String...) throws -> Invocation {
    guard case .run(let invocation) = try ArgumentParser.parse(words) else {
      throw UsageError("help came", advice: "")
    }
    return invocation
  }

  private func error(_ words: [String]) -> String? {
    do throws(UsageError) {
      _ = try ArgumentParser.parse(words)
      return nil
    } catch {
      return error.description
    }
  }

  private func help(_ words: String...) throws -> String? {
    guard case .help(let text) = try ArgumentParser.parse(words) else { return nil }
    return text
  }

  @Test func optionsStandAnywhereAfterTheCommandInEitherSpelling() throws {
    let invocation = try invocation("tag", "history", "--limit", "5", "a/b:c", "--data=/d", "--json")
    #expect(invocation.verb == .tagHistory)
    #expect(invocation.argument == "a/b:c")
    #expect(try invocation.count("limit") == 5)
    #expect(invocation.wantsJSON)
    #expect(invocation.settingFlags == ["data": ["/d"]])
    #expect(invocation.configurationFile == nil)
  }

  @Test func serveTakesEveryOptionOfTheTableOfKeys() throws {
    let invocation = try invocation(
      "serve", "--listen", "127.0.0.1:1", "--listen=[::1]:2", "--data", "d", "--insecure", "--log-level", "debug",
      "--config", "c.yaml")
    #expect(invocation.configurationFile == "c.yaml")
    let settings = try Settings.load(flags: invocation.settingFlags)
    #expect(settings.http.listen.map(\.description) == ["127.0.0.1:1", "[::1]:2"])
    #expect(settings.insecure)
    #expect(settings.data == "d")
    #expect(settings.log.level == .debug)
    let known = Set(invocation.command.options.map(\.name))
    #expect(known.isSuperset(of: SettingKey.all.compactMap(\.flag)))
  }

  @Test func wordsAfterTwoDashesAreArguments() throws {
    #expect(try invocation("check-config", "--", "--json", "-x").arguments == ["--json", "-x"])
    #expect(try invocation("check-config", "a", "--json", "b").arguments == ["a", "b"])
  }

  @Test func optionsThatAreNotGivenAreAbsent() throws {
    let invocation = try invocation("image", "ls")
    #expect(invocation.verb == .listImages)
    #expect(!invocation.wantsJSON)
    #expect(try invocation.count("limit") == nil)
    #expect(invocation.settingFlags.isEmpty)
  }

  @Test func versionCanBeAskedForAsAnOption() throws {
    #expect(try invocation("--version").verb == .version)
    #expect(try invocation("--version", "--json").wantsJSON)
  }

  @Test(
    arguments: [
      ([], "no command; run: shoal serve, or shoal help for the others"),
      (["sevre"], "unknown command 'sevre'; did you mean 'serve'?"),
      (["imgae", "ls"], "unknown command 'imgae'; did you mean 'image'?"),
      (["frobnicate"], "unknown command 'frobnicate'; run: shoal help"),
      (["docment"], "unknown command 'docment'; run: shoal help"),
      (["--data", "x", "serve"], "'--data' stands before the command; write the command first: shoal serve …"),
      (["image"], "'image' wants another word; one of ls, tags, inspect, rm"),
      (["image", "tgas"], "'image' has no command 'tgas'; did you mean 'image tags'?"),
      (["image", "frobnicate"], "'image' has no command 'frobnicate'; one of ls, tags, inspect, rm"),
      (["serve", "--lisetn", "x"], "'serve' has no option '--lisetn'; did you mean --listen?"),
      (["serve", "-v"], "'serve' has no option '-v'; run: shoal serve --help"),
      (["serve", "--data"], "--data has no value; write --data=PATH"),
      (["serve", "--data", "--insecure"], "--data has no value; write --data=PATH"),
      (["serve", "--data", "a", "--data", "b"], "--data is given twice; keep one of them"),
      (["serve", "--insecure=true"], "--insecure takes no value; write --insecure alone"),
      (["serve", "data"], "'data' is one word too many; usage: shoal serve [OPTIONS]"),
      (["check-config"], "FILE is missing; usage: shoal check-config [OPTIONS] FILE…"),
      (["image", "rm"], "IMAGE is missing; usage: shoal image rm [OPTIONS] IMAGE"),
      (["image", "rm", "a:b", "c:d"], "'c:d' is one word too many; usage: shoal image rm [OPTIONS] IMAGE"),
      (["help", "sevre"], "unknown command 'sevre'; did you mean 'serve'?"),
      (["a\u{1B}[31m"], "unknown command 'a\\u{1b}[31m'; run: shoal help"),
    ] as [([String], String)]) func mistakeIsToldWithWhatWasMeant(_ words: [String], _ expected: String)
  {
    #expect(error(words) == expected)
  }

  @Test func countThatIsNoneIsRefused() throws {
    for text in ["0", "-1", "many", ""] {
      let invocation = try invocation("tag", "history", "--limit=\(text)", "a:b")
      #expect(throws: UsageError.self) { try invocation.count("limit") }
    }
  }

  @Test func helpWinsOverMistakesBesideIt() throws {
    #expect(try help("serve", "--nonsense", "--help") == HelpText.of(try invocation("serve").command))
    #expect(try help("image", "rm", "-h")?.hasPrefix("Usage: shoal image rm [OPTIONS] IMAGE\n") == true)
  }

  @Test func everyCommandHasHelpByWordAndByOption() throws {
    for command in CommandTable.commands {
      let words = command.name.split(separator: " ").map(String.init)
      guard command.verb != .help, case .help(let byOption) = try ArgumentParser.parse(words + ["--help"]),
        case .help(let byWord) = try ArgumentParser.parse(["help"] + words)
      else {
        #expect(command.verb == .help)
        continue
      }
      #expect(byOption == byWord)
      for option in command.options { #expect(byOption.contains("--\(option.name)")) }
    }
    for words in [[], ["--help"], ["-h"]] {
      guard case .help(let text) = try ArgumentParser.parse(words.isEmpty ? ["help"] : words) else {
        Issue.record("no help for \(words)")
        continue
      }
      #expect(text == HelpText.overview)
    }
    #expect(try help("image", "--help") == (try help("help", "image")))
  }
}

@Suite struct CommandTableTests {
  @Test func namesAndVerbsAreUniqueAndAllThere() {
    let commands = CommandTable.commands
    #expect(Set(commands.map(\.name)).count == commands.count)
    #expect(Set(commands.map(\.verb)) == Set(Command.Verb.allCases))
    for command in commands {
      #expect(Set(command.options.map(\.name)).count == command.options.count, "\(command.name)")
      let words = command.name.split(separator: " ")
      if words.count == 2 { #expect(CommandTable.groups.contains { $0.name == words[0] }) }
    }
  }

  @Test func everyExampleIsACommandLineThatParses() throws {
    for example in CommandTable.commands.flatMap(\.examples) {
      let words = example.line.split(separator: " ").map { $0.filter { $0 != "'" } }
      #expect(words[0] == "shoal")
      _ = try ArgumentParser.parse(Array(words.dropFirst()))
    }
  }

  @Test func linesOfHelpAreNotLongerThanATerminalAndNameNoHiddenCommand() {
    for text in [HelpText.overview] + CommandTable.commands.map(HelpText.of) {
      for line in text.split(separator: "\n") where !line.hasPrefix("  shoal") {
        #expect(line.count <= 100, "\(line)")
        #expect(line.last != " ", "\(line)")
      }
    }
    #expect(!HelpText.overview.contains("document "))
    #expect(HelpText.overview.contains("4  the configuration is wrong") || HelpText.overview.contains("4             "))
  }
}
