import Glibc

// Before the first thread: threads inherit the mask.
Signals.hold()
// Whoever reads our output may leave; a write then fails, which is enough.
signal(SIGPIPE, SIG_IGN)
exit(Shoal.run(Array(CommandLine.arguments.dropFirst())).rawValue)
