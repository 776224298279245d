import Glibc

/// A configuration file.
struct FileSource {
  /// The example with every key and its text has about 6 KiB.
  static let byteLimit = 256 << 10

  let path: String

  func apply(to draft: inout SettingsDraft) {
    do {
      apply(try Self.contents(of: path), to: &draft)
    } catch {
      draft.note(.file(path, nil), error.reason, advice: error.advice)
    }
  }

  func apply(_ bytes: [UInt8], to draft: inout SettingsDraft) {
    var reader = YAMLReader(bytes)
    let root = reader.read()
    for problem in reader.problems { draft.note(.file(path, problem.mark), problem.reason, advice: problem.advice) }
    switch root?.content {
    case .mapping(let entries): apply(entries, in: nil, to: &draft)
    case nil, .scalar(nil): break
    case .scalar, .sequence:
      draft.note(place(root?.mark), "this is no configuration", advice: "write KEY: VALUE, for example data: ./data")
    }
  }

  private func apply(_ entries: [YAMLNode.Entry], in section: String?, to draft: inout SettingsDraft) {
    for entry in entries {
      let name = section.map { "\($0).\(entry.key)" } ?? entry.key
      if entry.key.contains(".") {
        draft.note(
          place(entry.mark), "'\(Shown(entry.key))' has a dot in it",
          advice:
            "write the part after the dot in a line of its own below '\(Shown(String(name.prefix { $0 != "." }))):'")
      } else if let key = SettingKey.named(name) {
        apply(entry.value, to: key, &draft)
      } else if SettingNames.sections.contains(name) {
        applySection(entry, name, to: &draft)
      } else {
        draft.note(
          place(entry.mark), "unknown key '\(Shown(name))'", advice: Self.advice(about: name, in: section))
      }
    }
  }

  private func applySection(_ entry: YAMLNode.Entry, _ name: String, to draft: inout SettingsDraft) {
    switch entry.value.content {
    case .mapping(let entries): apply(entries, in: name, to: &draft)
    case .scalar(nil): break  // every key below it is commented out
    case .scalar, .sequence:
      draft.note(
        place(entry.value.mark), "\(name) holds keys, not a value",
        advice: "write \(SettingNames.children(of: name).joined(separator: ", ")) below it")
    }
  }

  private func apply(_ value: YAMLNode, to key: SettingKey, _ draft: inout SettingsDraft) {
    switch value.content {
    case .scalar(let text?):
      draft.assign(key, [SettingItem(text: text, place: place(value.mark))])
    case .scalar(nil):
      draft.note(
        place(value.mark), "\(key.name) has no value",
        advice: "write one (\(key.allowed)), or take the line out")
    case .mapping:
      draft.note(place(value.mark), "\(key.name) takes a value, not keys", advice: "write \(key.allowed)")
    case .sequence(let elements):
      guard key.shape == .list else {
        draft.note(place(value.mark), "\(key.name) takes one value, not a list", advice: "write \(key.allowed)")
        return
      }
      apply(elements, to: key, at: value.mark, &draft)
    }
  }

  private func apply(
    _ elements: [YAMLNode], to key: SettingKey, at mark: Place.Mark, _ draft: inout SettingsDraft
  ) {
    var items: [SettingItem] = []
    for element in elements {
      guard case .scalar(let text?) = element.content else {
        draft.note(
          place(element.mark), "this is no item of \(key.name)", advice: "write \(key.allowed), addresses in quotes")
        return
      }
      items.append(SettingItem(text: text, place: place(element.mark)))
    }
    if items.isEmpty {
      draft.note(place(mark), "\(key.name) is an empty list", advice: "write one (\(key.allowed)), or take the key out")
    } else {
      draft.assign(key, items)
    }
  }

  private func place(_ mark: Place.Mark?) -> Place { .file(path, mark) }

  private static func advice(about name: String, in section: String?) -> String {
    guard let nearest = SettingNames.nearest(to: name) else {
      return "known here: \(SettingNames.children(of: section).joined(separator: ", "))"
    }
    return SettingNames.sections.contains(nearest)
      ? "did you mean the section '\(nearest)'?" : "did you mean '\(nearest)'?"
  }

  private static func contents(of path: String) throws(ValueProblem) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    let code = errno
    guard file >= 0 else { throw unreadable(code) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= byteLimit {
      let count = read(file, &room, room.count)
      let code = errno
      if count == 0 { return bytes }
      if count > 0 {
        bytes += room[..<count]
      } else if code != EINTR {
        throw unreadable(code)
      }
    }
    throw ValueProblem("the file is larger than \(byteLimit >> 10) KiB", advice: "is this a configuration?")
  }

  private static func unreadable(_ code: Int32) -> ValueProblem {
    ValueProblem("cannot be read: \(String(cString: strerror(code)))", advice: "check the path and who may read it")
  }
}
