import COpenSSL
import Glibc

/// A private Ed25519 key. Lives in a PEM file (PKCS #8) that its owner alone may read.
public final class Ed25519Key: @unchecked Sendable {
  // Unchecked: OpenSSL counts references to a key and only reads it after it was made.
  private let key: OpaquePointer

  private init(_ key: OpaquePointer) { self.key = key }

  deinit { EVP_PKEY_free(key) }

  /// The 32 bytes of the public half.
  public var publicBytes: [UInt8] {
    var count = 32
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let code = EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count)
      precondition(code == 1, "OpenSSL could not tell a public key")
      initialized = count
    }
  }

  /// Reads the key, or makes one where there is no file yet. Blocks.
  public static func loadOrCreate(_ path: String) throws(KeyFileError) -> Ed25519Key {
    guard access(path, F_OK) == 0 else { return try create(path) }
    return try load(path)
  }

  private static func load(_ path: String) throws(KeyFileError) -> Ed25519Key {
    var status = stat()
    guard stat(path, &status) == 0 else { throw KeyFileError(path, String(cString: strerror(errno))) }
    guard status.st_mode & 0o077 == 0 else {
      throw KeyFileError(path, "others may read it; chmod 600 it, or remove it if it was copied")
    }
    guard let file = BIO_new_file(path, "r") else { throw KeyFileError(path, "it cannot be read") }
    defer { BIO_free(file) }
    guard let key = PEM_read_bio_PrivateKey(file, nil, nil, nil) else { throw KeyFileError(path, "it holds no key") }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw KeyFileError(path, "it holds a key of another kind than Ed25519")
    }
    return Ed25519Key(key)
  }

  private static func create(_ path: String) throws(KeyFileError) -> Ed25519Key {
    let key = Ed25519Key(generate())
    let temporary = path + ".new"
    unlink(temporary)
    try key.write(to: temporary)
    guard rename(temporary, path) == 0 else { throw KeyFileError(path, String(cString: strerror(errno))) }
    return key
  }

  private static func generate() -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    let code = EVP_PKEY_keygen_init(context) == 1 ? EVP_PKEY_keygen(context, &key) : 0
    guard code == 1, let key else { preconditionFailure("OpenSSL could not make a key") }
    return key
  }

  private func write(to path: String) throws(KeyFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw KeyFileError(path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    guard let file = BIO_new_fd(descriptor, BIO_NOCLOSE) else { throw KeyFileError(path, "it cannot be written") }
    defer { BIO_free(file) }
    guard PEM_write_bio_PrivateKey(file, key, nil, nil, 0, nil, nil) == 1 else {
      throw KeyFileError(path, "it cannot be written")
    }
    guard fsync(descriptor) == 0 else { throw KeyFileError(path, String(cString: strerror(errno))) }
  }
}

public struct KeyFileError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}
