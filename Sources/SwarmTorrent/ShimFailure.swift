import CTorrent
import Glibc
import RegistryCore

/// A call of the shim that failed: its code and the text that it left.
struct ShimFailure: Error, Sendable {
  let result: ct_result
  let systemCode: Int32
  let text: String

  /// Runs a call of the shim, with a place for its failure.
  static func check(_ call: (UnsafeMutablePointer<ct_failure>) -> ct_result) throws(ShimFailure) {
    var failure = ct_failure()
    let result = call(&failure)
    guard result != CT_OK else { return }
    throw ShimFailure(result: result, systemCode: failure.system_code, text: text(of: failure.text))
  }

  /// The text in a fixed field of C, which ends with a zero.
  static func text<Field>(of field: Field) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension RegistryError {
  init(_ failure: ShimFailure) {
    switch failure.result {
    case CT_LISTEN:
      self.init(.unavailable, "\(failure.text); set another address to listen on (torrent.listen)")
    case CT_TIMEOUT:
      self.init(.unavailable, failure.text)
    case CT_INVALID:
      self.init(.torrentInvalid, "the torrent cannot be used: \(failure.text)")
    case CT_UNKNOWN:
      self.init(.unavailable, "the torrent is not live", cause: failure.text)
    default:
      self = .swarm(systemCode: failure.systemCode, failure.text)
    }
  }

  /// A failure of a torrent's file or of the library.
  static func swarm(systemCode: Int32, _ text: String) -> RegistryError {
    systemCode == ENOSPC || systemCode == EDQUOT
      ? RegistryError(.storageFull, "there is no room for the blob", cause: text)
      : RegistryError(.internal, "the torrent failed", cause: text)
  }
}
