import Glibc

/// A key's home is a PEM file (PKCS #8) that its owner alone may read. All of this blocks.
extension Ed25519Key {
  /// Reads the key, or makes one where there is no file yet.
  public static func loadOrCreate(_ path: String) throws(KeyFileError) -> Ed25519Key {
    if let key = try find(path) { return key }
    let key = Ed25519Key()
    try key.save(path)
    return key
  }

  /// Reads the key. Refused when others may read it too: then it is a secret no longer.
  public static func load(_ path: String) throws(KeyFileError) -> Ed25519Key {
    guard let key = try find(path) else { throw KeyFileError(path, String(cString: strerror(ENOENT))) }
    return key
  }

  /// Puts the key there, in place of what was there: whole or not at all, readable by the owner alone from its first
  /// byte, and safe from a power cut when this returns.
  public func save(_ path: String) throws(KeyFileError) {
    let temporary = path + ".new"
    unlink(temporary)
    try write(temporary)
    guard rename(temporary, path) == 0 else {
      let failure = KeyFileError(path, errno)
      unlink(temporary)
      throw failure
    }
    try Self.syncFolder(of: path)
  }

  /// `nil`: there is no file.
  private static func find(_ path: String) throws(KeyFileError) -> Ed25519Key? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT { return nil }
      throw KeyFileError(path, code)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw KeyFileError(path, errno) }
    guard status.st_mode & 0o077 == 0 else {
      throw KeyFileError(path, "others may read it; chmod 600 it, or remove it if it was copied")
    }
    var text = try readAll(descriptor, path)
    defer { SecretBytes.wipe(&text) }
    guard let key = Ed25519Key(pem: text) else {
      throw KeyFileError(path, "it holds no Ed25519 key in PEM, or one with a passphrase")
    }
    return key
  }

  private static func readAll(_ descriptor: Int32, _ path: String) throws(KeyFileError) -> [UInt8] {
    var failure: Int32 = 0
    let text = [UInt8](unsafeUninitializedCapacity: pemByteLimit) { buffer, count in
      while count < buffer.count, failure == 0 {
        let got = read(descriptor, buffer.baseAddress! + count, buffer.count - count)
        if got < 0 { failure = errno }
        if got <= 0 { break }
        count += got
      }
    }
    guard failure == 0 else { throw KeyFileError(path, failure) }
    return text
  }

  private func write(_ path: String) throws(KeyFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw KeyFileError(path, errno) }
    defer { close(descriptor) }
    var text = pem
    defer { SecretBytes.wipe(&text) }
    let count = Glibc.write(descriptor, text, text.count)
    // So few bytes go in one call or not at all; where a part went, the disk is full.
    guard count >= 0 else { throw KeyFileError(path, errno) }
    guard count == text.count else { throw KeyFileError(path, ENOSPC) }
    guard fsync(descriptor) == 0 else { throw KeyFileError(path, errno) }
  }

  private static func syncFolder(of path: String) throws(KeyFileError) {
    let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw KeyFileError(folder, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw KeyFileError(folder, errno) }
  }
}
