/// A command as a value: what parses its line, and what its help says.
struct Command: Sendable {
  /// What `main` switches over.
  enum Verb: Sendable, Hashable, CaseIterable {
    case serve
    case checkConfiguration
    case version
    case listImages
    case listTags
    case inspectImage
    case removeImage
    case tagHistory
    case rollbackTag
    case verifyBlobs
    case rebuildCatalog
    case magnet
    case listTorrents
    case showTorrent
    case startTorrent
    case stopTorrent
    case restTorrent
    case verifyTorrent
    case fetchBlob
    case cancelFetch
    case status
    case resolveMagnet
    case foundFleet
    case inviteToFleet
    case joinFleet
    case listFleet
    case removeMember
    case leaveFleet
    case showPolicy
    case setPolicy
    case promoteMember
    case demoteMember
    case writeRecoveryFile
    case recoverFleet
    case document
    case help
  }

  let verb: Verb
  /// `image ls`
  let name: String
  let summary: String
  var details = ""
  var options: [Option] = []
  var positional: Positional?
  var examples: [Example] = []
  /// Works, but is not listed.
  var isHidden = false

  struct Option: Sendable {
    /// Without its dashes.
    let name: String
    /// What stands for the value; `nil`: it takes none.
    var placeholder: String?
    var isRepeatable = false
    let text: String
    /// The option sets the key of the configuration that has it as its flag.
    var isSetting = false
  }

  struct Positional: Sendable {
    let name: String
    let text: String
    var count = Count.one

    enum Count: Sendable {
      case one
      case oneOrMore
      case any
      case atMostOne
    }

    var shown: String {
      switch count {
      case .one: name
      case .oneOrMore: "\(name)…"
      case .any: "[\(name)…]"
      case .atMostOne: "[\(name)]"
      }
    }
  }

  struct Example: Sendable {
    let line: String
    let text: String

    init(_ line: String, _ text: String) { (self.line, self.text) = (line, text) }
  }

  var usage: String {
    let parts = ["shoal \(name)"] + (options.isEmpty ? [] : ["[OPTIONS]"]) + (positional.map { [$0.shown] } ?? [])
    return parts.joined(separator: " ")
  }
}
