import Glibc

/// As the kernel knows it.
func currentThreadName() -> String {
  let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
  defer { close(file) }
  let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
    count = max(0, read(file, buffer.baseAddress, buffer.count))
  }
  return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
}
