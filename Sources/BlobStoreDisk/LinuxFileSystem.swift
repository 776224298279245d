import Glibc

/// The real one. A file behind a symbolic link is refused: nothing here makes any. The data folder may be one.
struct LinuxFileSystem: FileSystem {
  func open(_ path: String, _ access: FileAccess) throws(FileFailure) -> any OpenFile {
    LinuxFile(descriptor: try Self.open(path, flags(access) | O_NOFOLLOW))
  }

  func rename(_ path: String, to destination: String) throws(FileFailure) {
    guard Glibc.rename(path, destination) == 0 else { throw FileFailure("rename", errno) }
  }

  func unlink(_ path: String) throws(FileFailure) {
    guard Glibc.unlink(path) == 0 else { throw FileFailure("unlink", errno) }
  }

  func makeFolder(_ path: String) throws(FileFailure) {
    guard mkdir(path, 0o700) == 0 else { throw FileFailure("mkdir", errno) }
  }

  func syncFolder(_ path: String) throws(FileFailure) {
    let folder = try Self.open(path, O_RDONLY | O_DIRECTORY)
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw FileFailure("fsync", errno) }
  }

  func names(in folder: String) throws(FileFailure) -> [String] {
    guard let stream = opendir(folder) else { throw FileFailure("opendir", errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        let code = errno
        if code != 0 { throw FileFailure("readdir", code) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  func status(of path: String) throws(FileFailure) -> FileStatus {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { throw FileFailure("lstat", errno) }
    return FileStatus(facts)
  }

  private func flags(_ access: FileAccess) -> Int32 {
    switch access {
    case .read: O_RDONLY
    case .readAndWrite: O_RDWR
    case .create: O_RDWR | O_CREAT | O_EXCL
    }
  }

  private static func open(_ path: String, _ flags: Int32) throws(FileFailure) -> Int32 {
    while true {
      let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
      if descriptor >= 0 { return descriptor }
      let code = errno
      if code != EINTR { throw FileFailure("open", code) }
    }
  }
}

extension FileStatus {
  init(_ facts: stat) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    switch facts.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
    size = Int64(facts.st_size)
    isWritable = facts.st_mode & S_IWUSR != 0
    isUnlinked = facts.st_nlink == 0
    secondsSinceModified = Int64(now.tv_sec - facts.st_mtim.tv_sec)
  }
}
