import Glibc
import RegistryCore

extension RegistryError {
  /// The one translation of a failed file call. Never "absent": whoever takes `ENOENT` for an answer says so itself.
  init(_ failure: FileFailure) {
    let cause = "\(failure.call): \(String(cString: strerror(failure.code))) (errno \(failure.code))"
    switch failure.code {
    case ENOSPC, EDQUOT, EFBIG:
      self.init(
        .storageFull,
        "the registry's disk is full; what it acknowledged is safe. Delete what is not needed, then push again",
        cause: cause)
    case EMFILE, ENFILE, ENOMEM:
      self.init(.unavailable, "the registry has too much open just now; try again shortly", cause: cause)
    default:
      self.init(
        .internal, "the registry's disk did not do what was asked; its operator finds the reason in its log",
        cause: cause)
    }
  }
}
