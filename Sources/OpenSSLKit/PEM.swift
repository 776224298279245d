import COpenSSL

/// Without a callback OpenSSL would ask for a passphrase on the terminal.
func refusePassphrase(
  _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int32, _ isWriting: Int32, _ owner: UnsafeMutableRawPointer?
) -> Int32 { -1 }

/// What OpenSSL writes, as bytes; the copy that it made itself is wiped. Memory is the only thing that can fail it.
func memoryBytes(_ write: (OpaquePointer) -> Int32) -> [UInt8] {
  guard let sink = BIO_new(BIO_s_secmem()) else { preconditionFailure("no memory") }
  defer { BIO_free(sink) }
  precondition(write(sink) == 1, "OpenSSL could not write into memory")
  var start: UnsafeMutablePointer<CChar>?
  let count = BIO_ctrl(sink, BIO_CTRL_INFO, 0, &start)
  return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
}
