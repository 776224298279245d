import Glibc
import RegistryCore

/// A file whose name nobody is told, for parts that want a descriptor where a test has bytes. It is gone with its last
/// `BlobFile`; until then it keeps its name, since a seed whose file was unlinked counts as rotten.
public enum NamelessFile {
  /// A file of the bytes, open for reading alone.
  public static func holding(_ bytes: [UInt8]) throws(RegistryError) -> BlobFile {
    let file = try sized(Int64(bytes.count))
    try write(bytes, at: 0, to: file)
    return try readOnly(file)
  }

  /// A file of zeros, open for reading and writing.
  public static func sized(_ size: Int64) throws(RegistryError) -> BlobFile {
    let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var path = Array("\(folder)/shoal-nameless-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw failure("mkstemp", errno) }
    let file = BlobFile(descriptor: descriptor) { [path] in
      close($0)
      unlink(path)
    }
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("ftruncate", errno) }
    return file
  }

  /// The same file once more, open for reading alone.
  public static func readOnly(_ file: BlobFile) throws(RegistryError) -> BlobFile {
    let descriptor = open("/proc/self/fd/\(file.descriptor)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", errno) }
    return BlobFile(descriptor: descriptor) { descriptor in
      close(descriptor)
      // The name stays as long as somebody uses the file.
      withExtendedLifetime(file) {}
    }
  }

  public static func write(_ bytes: [UInt8], at offset: Int64, to file: BlobFile) throws(RegistryError) {
    let written = pwrite(file.descriptor, bytes, bytes.count, off_t(offset))
    let code = errno
    guard written == bytes.count else { throw failure("pwrite", code) }
  }

  /// Fewer only at the end of the file.
  public static func read(_ file: BlobFile, from offset: Int64, count: Int) throws(RegistryError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let seen = pread(file.descriptor, &bytes, count, off_t(offset))
    let code = errno
    guard seen >= 0 else { throw failure("pread", code) }
    return Array(bytes.prefix(seen))
  }

  public static func size(of file: BlobFile) throws(RegistryError) -> Int64 {
    var facts = stat()
    guard fstat(file.descriptor, &facts) == 0 else { throw failure("fstat", errno) }
    return Int64(facts.st_size)
  }

  private static func failure(_ call: String, _ code: Int32) -> RegistryError {
    RegistryError(
      .internal, "a file of the test could not be used", cause: "\(call): \(String(cString: strerror(code)))")
  }
}
