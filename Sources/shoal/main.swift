import Glibc

// Before the first thread: threads inherit the mask.
Signals.hold()
exit(Shoal.run(Array(CommandLine.arguments.dropFirst())).rawValue)
