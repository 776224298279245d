import FleetCore
import OpenSSLKit
import RegistryCore

/// The second word: the fleet's private key, sealed for the one who wished for it.
///
///     sent:  agreement (32) ‖ AES-256-GCM of the key's PEM ‖ tag (16)
///
/// Key and nonce come by HKDF-SHA-256 out of the two halves' X25519 secret, salted with the terms of the wish and the
/// giver's half. Both halves are fresh, so key and nonce are used once. The connection says who gave it; that it is the
/// fleet's key shows when it is opened.
public enum KeyParcel {
  public static let byteLimit = 4096

  /// `nil`: the wish holds no public half.
  public static func pack(_ key: Ed25519Key, for wish: KeyWish) -> [UInt8]? {
    let agreement = AgreementKey()
    let own = agreement.publicBytes
    guard var secret = agreement.secret(with: wish.agreement) else { return nil }
    var material = Self.material(&secret, wish.terms, own)
    var pem = key.pem
    defer {
      material.wipe()
      SecretBytes.wipe(&pem)
    }
    return own + SealedBox.seal(pem, key: material.key, nonce: material.nonce, context: wish.terms + own)
  }

  /// `nil`: it was packed for another wish, or changed on its way, or is not the fleet's key.
  /// - Parameter agreement: the one that the wish was made with.
  public static func unpack(
    _ bytes: [UInt8], wish: KeyWish, _ agreement: AgreementKey, key fleetKey: PublicKey
  ) -> Ed25519Key? {
    guard bytes.count > AgreementKey.byteCount, bytes.count <= byteLimit else { return nil }
    let other = Array(bytes.prefix(AgreementKey.byteCount))
    guard var secret = agreement.secret(with: other) else { return nil }
    var material = Self.material(&secret, wish.terms, other)
    defer { material.wipe() }
    let sealed = Array(bytes.dropFirst(AgreementKey.byteCount))
    guard var pem = SealedBox.open(sealed, key: material.key, nonce: material.nonce, context: wish.terms + other) else {
      return nil
    }
    defer { SecretBytes.wipe(&pem) }
    guard let key = Ed25519Key(pem: pem), key.publicBytes == fleetKey.bytes else { return nil }
    return key
  }

  private struct Material {
    var key: [UInt8]
    let nonce: [UInt8]

    mutating func wipe() { SecretBytes.wipe(&key) }
  }

  /// The secret is wiped.
  private static func material(_ secret: inout [UInt8], _ terms: [UInt8], _ giver: [UInt8]) -> Material {
    var bytes = HKDF.sha256(
      secret, salt: StreamingHash.hash(terms + giver, .sha256), info: Array("shoal fleet key parcel 1".utf8),
      count: SealedBox.keyByteCount + SealedBox.nonceByteCount)
    defer {
      SecretBytes.wipe(&bytes)
      SecretBytes.wipe(&secret)
    }
    return Material(
      key: Array(bytes.prefix(SealedBox.keyByteCount)), nonce: Array(bytes.suffix(SealedBox.nonceByteCount)))
  }
}
