import CLinux
import Glibc

// Whoever reads our output may leave; a write then fails, which is enough.
signal(SIGPIPE, SIG_IGN)
// Bodies travel in pieces of 256 KiB, which malloc would map and fault in anew for each: measured at 30 times the page
// faults and a third of the speed of an upload. A refusal costs speed and nothing else.
_ = shoal_tune_allocator(4 << 20, 16 << 20, 4)
exit(Shoal.run(Array(CommandLine.arguments.dropFirst())).rawValue)
