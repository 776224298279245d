import Glibc

typealias FuzzTarget = @Sendable (_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt

/// The one that the environment names.
func fuzzTarget(_ targets: [String: FuzzTarget]) -> FuzzTarget {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = targets[name] else {
    preconditionFailure("FUZZ_TARGET is '\(name)', and one of \(targets.keys.sorted()) is wanted")
  }
  return target
}
