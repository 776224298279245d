/// One line of the table of keys: everything that is known about a key, from its name to the sentence in the docs.
public struct SettingKey: Sendable {
  /// As in the file, sections joined by dots.
  public let name: String
  /// What may stand there, in a few words.
  public let allowed: String
  /// What stands for a value in a line of help.
  public let placeholder: String
  /// One or two sentences for the example file and the page.
  public let text: String
  /// The option of `shoal serve` without its dashes; `nil`: there is none.
  public let flag: String?
  /// The node reads what it names again on SIGHUP; else a change waits for a restart.
  public let reloads: Bool
  public let shape: Shape

  public enum Shape: Sendable {
    case value
    /// On the command line a word without a value.
    case flag
    case list
  }

  /// Reads the items into the settings and says what is wrong with them.
  let assign: @Sendable (inout Settings, [SettingItem]) -> [ConfigurationProblem]
  /// The values as text, one for each item; empty when there is none.
  let show: @Sendable (Settings) -> [String]

  /// `SHOAL_` and the name in capitals, with `_` for each dot.
  public var environmentName: String {
    "SHOAL_" + name.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
  }

  /// The names of the sections that the key is in.
  var section: String? { name.lastIndex(of: ".").map { String(name[..<$0]) } }
  var lastName: String { name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name }

  static func named(_ name: String) -> SettingKey? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// One value as somebody wrote it.
struct SettingItem: Sendable {
  let text: String
  let place: Place
}

extension SettingKey {
  typealias Path<Value> = WritableKeyPath<Settings, Value> & Sendable

  static func one<Value>(
    _ name: String, _ path: Path<Value>, _ type: ValueType<Value>, flag: String? = nil, reloads: Bool = false,
    _ text: String
  ) -> SettingKey {
    SettingKey(
      name: name, allowed: type.allowed, placeholder: type.placeholder, text: text, flag: flag, reloads: reloads,
      shape: Value.self == Bool.self ? .flag : .value,
      assign: { settings, items in
        guard let item = items.first, items.count == 1 else {
          return items.dropFirst().prefix(1).map {
            ConfigurationProblem($0.place, "\(name) takes one value", advice: "write \(type.allowed)")
          }
        }
        do throws(ValueProblem) {
          settings[keyPath: path] = try type.parse(item.text)
          return []
        } catch {
          return [ConfigurationProblem(item.place, "\(name): \(error.reason)", advice: error.advice)]
        }
      }, show: { settings in type.show(settings[keyPath: path]).map { [$0] } ?? [] })
  }

  static func list<Value>(
    _ name: String, _ path: Path<[Value]>, _ type: ValueType<Value>, flag: String? = nil, reloads: Bool = false,
    _ text: String
  ) -> SettingKey {
    SettingKey(
      name: name, allowed: "a list of \(type.allowed)", placeholder: type.placeholder, text: text, flag: flag,
      reloads: reloads, shape: .list,
      assign: { settings, items in
        var (values, problems): ([Value], [ConfigurationProblem]) = ([], [])
        for item in items {
          do throws(ValueProblem) {
            values.append(try type.parse(item.text))
          } catch {
            problems.append(ConfigurationProblem(item.place, "\(name): \(error.reason)", advice: error.advice))
          }
        }
        if problems.isEmpty { settings[keyPath: path] = values }
        return problems
      }, show: { settings in settings[keyPath: path].compactMap { type.show($0) } })
  }
}
