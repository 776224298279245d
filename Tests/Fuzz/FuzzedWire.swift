/// libFuzzer's entry into what reads HTTP. One program for all of it, since building takes longer than trying.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { target(start, count) }

private let target = fuzzTarget([
  "chunked": fuzzChunked, "head": fuzzHead,
])
