/// What a script learns of a command.
enum ExitCode: Int32 {
  case success = 0
  /// The thing asked for failed or is not there.
  case failure = 1
  case usage = 2
  /// The node does not answer, or another process has the data folder.
  case unreachable = 3
  case configuration = 4
}
