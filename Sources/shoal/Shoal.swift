import Glibc

/// The program, from its arguments to its exit code.
enum Shoal {
  static func run(_ arguments: [String]) -> ExitCode {
    let environment = Environment.current
    let output = TerminalOutput.standard(environment)
    do throws(UsageError) {
      switch try ArgumentParser.parse(arguments) {
      case .help(let text):
        output.text(text)
        return .success
      case .run(let invocation):
        return RunCommand(invocation: invocation, environment: environment, output: output).run()
      }
    } catch {
      output.error("\(error)")
      return .usage
    }
  }
}

/// The environment as it was when the process began.
enum Environment {
  static var current: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let line = entry.pointee {
      let parts = String(cString: line).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }
}
