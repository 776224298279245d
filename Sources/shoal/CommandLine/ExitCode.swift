/// What a script learns from the end of a command.
enum ExitCode: Int32, CaseIterable {
  case success = 0
  /// The thing asked for failed or is absent.
  case failure = 1
  case usage = 2
  /// The node does not answer, or another process has its data.
  case unreachable = 3
  case configuration = 4

  var meaning: String {
    switch self {
    case .success: "done"
    case .failure: "what was asked for failed or is absent"
    case .usage: "the command line is wrong"
    case .unreachable: "the node does not answer, or its data folder is in use"
    case .configuration: "the configuration is wrong"
    }
  }
}
