import Glibc

@testable import BlobStoreDisk

/// The state of a file system in memory, and what would be left of it after a crash.
///
/// The crash is harsher than that of a journalling file system: what was not synced survives in any selection, a file's
/// name apart from its bytes, the two halves of a rename apart from each other.
struct MemoryDisk: Sendable {
  struct Node: Sendable {
    let isFolder: Bool
    var bytes: [UInt8] = []
    var isWritable = true
    var names: [String: Int] = [:]
  }

  struct Name: Sendable {
    let folder: Int
    let text: String
  }

  enum Step: Sendable {
    case make(Int, isFolder: Bool, Name)
    case write(Int, [UInt8], at: Int)
    case makeReadOnly(Int)
    case rename(Int, from: Name, to: Name)
    case unlink(Name)
    case syncFile(Int)
    case syncFolder(Int)
  }

  static let root = 0

  private(set) var nodes = [root: Node(isFolder: true)]

  func node(_ number: Int) -> Node { nodes[number] ?? Node(isFolder: false) }

  func find(_ path: String) throws(FileFailure) -> Int {
    var number = Self.root
    for part in path.split(separator: "/") where part != "." {
      guard node(number).isFolder else { throw FileFailure("lookup", ENOTDIR) }
      guard let next = node(number).names[String(part)] else { throw FileFailure("lookup", ENOENT) }
      number = next
    }
    if path.hasSuffix("/."), !node(number).isFolder { throw FileFailure("lookup", ENOTDIR) }
    return number
  }

  /// Where a path's last part is or would be.
  func place(_ path: String) throws(FileFailure) -> Name {
    let folder = try find(path.parentFolder)
    guard node(folder).isFolder else { throw FileFailure("lookup", ENOTDIR) }
    return Name(folder: folder, text: String(path.split(separator: "/").last ?? ""))
  }

  /// Every file with the path that leads to it.
  func everyFile(under folder: Int = root, path: String = "") -> [(path: String, node: Node)] {
    node(folder).names.flatMap { name, number in
      node(number).isFolder
        ? everyFile(under: number, path: "\(path)/\(name)") : [("\(path)/\(name)", node(number))]
    }
  }

  mutating func apply(_ step: Step) {
    for change in Change.all(of: step) { apply(change) }
  }
}

extension MemoryDisk {
  /// What a step leaves to be made durable, each part of it by the sync of one file or folder.
  fileprivate enum Change {
    case node(Int, isFolder: Bool)
    case bytes(Int, [UInt8], at: Int)
    case readOnly(Int)
    case name(Name, Int?)

    static func all(of step: Step) -> [Change] {
      switch step {
      case .make(let number, let isFolder, let name): [.node(number, isFolder: isFolder), .name(name, number)]
      case .write(let number, let bytes, let at): [.bytes(number, bytes, at: at)]
      case .makeReadOnly(let number): [.readOnly(number)]
      case .rename(let number, let from, let to): [.name(to, number), .name(from, nil)]
      case .unlink(let name): [.name(name, nil)]
      case .syncFile, .syncFolder: []
      }
    }

    /// The file or folder whose sync makes it durable; `nil`: it needs none.
    var owner: Int? {
      switch self {
      case .node: nil
      case .bytes(let number, _, _), .readOnly(let number): number
      case .name(let name, _): name.folder
      }
    }

    var isName: Bool {
      if case .name = self { true } else { false }
    }
  }

  private mutating func apply(_ change: Change) {
    switch change {
    case .node(let number, let isFolder):
      nodes[number] = Node(isFolder: isFolder)
    case .bytes(let number, let bytes, let at):
      var old = node(number).bytes
      if old.count < at + bytes.count { old += [UInt8](repeating: 0, count: at + bytes.count - old.count) }
      old.replaceSubrange(at..<(at + bytes.count), with: bytes)
      nodes[number]?.bytes = old
    case .readOnly(let number):
      nodes[number]?.isWritable = false
    case .name(let name, let number):
      nodes[name.folder]?.names[name.text] = number
    }
  }
}

/// Which of the changes that were not synced are on the disk after a crash.
enum Survival: CaseIterable, Sendable {
  case nothing, everything, someOfAll, namesOnly, bytesOnly
}

extension MemoryDisk {
  /// The disk as the next start finds it.
  ///
  /// - Parameter steps: since this state, which is durable.
  func crashed(after steps: some Sequence<Step>, keeping survival: Survival, seed: UInt64) -> MemoryDisk {
    var disk = self
    var pending: [Int: [Change]] = [:]
    for step in steps {
      for change in Change.all(of: step) {
        if let owner = change.owner { pending[owner, default: []].append(change) } else { disk.apply(change) }
      }
      switch step {
      case .syncFile(let number), .syncFolder(let number):
        for change in pending.removeValue(forKey: number) ?? [] { disk.apply(change) }
      default: break
      }
    }
    var chance = SplitMix(state: seed)
    for owner in pending.keys.sorted() {
      for change in pending[owner] ?? [] {
        if let left = Self.remains(of: change, survival, &chance) { disk.apply(left) }
      }
    }
    return disk
  }

  private static func remains(of change: Change, _ survival: Survival, _ chance: inout SplitMix) -> Change? {
    switch survival {
    case .nothing: nil
    case .everything: change
    case .namesOnly: change.isName ? change : nil
    case .bytesOnly: change.isName ? nil : change
    case .someOfAll: some(of: change, &chance)
    }
  }

  /// All of it, nothing, and of bytes also a beginning or a hole.
  private static func some(of change: Change, _ chance: inout SplitMix) -> Change? {
    guard case .bytes(let number, let bytes, let at) = change else { return Bool.random(using: &chance) ? change : nil }
    switch Int.random(in: 0..<4, using: &chance) {
    case 0: return change
    case 1: return .bytes(number, Array(bytes.prefix(.random(in: 0...bytes.count, using: &chance))), at: at)
    case 2: return .bytes(number, [UInt8](repeating: 0, count: bytes.count), at: at)
    default: return nil
    }
  }
}

/// Chance that is the same for the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
