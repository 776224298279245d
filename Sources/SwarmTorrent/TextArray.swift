import Glibc

/// Runs `body` with the texts as an array of C strings, which live for the call.
func withTexts<Success>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Success) -> Success {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { body($0.baseAddress) }
}
