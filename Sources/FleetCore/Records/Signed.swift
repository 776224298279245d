/// A statement as it travels: a bencoded dictionary, and the signature over it under a prefix that says what kind of
/// statement it is. So no signature over one kind stands for another.
///
/// The body is kept to the byte as it came: a later release may say more in it than this one reads, and hands on.
struct Signed: Hashable, Sendable {
  static let signatureByteCount = 64

  let body: [UInt8]
  let signature: [UInt8]

  /// `nil`: a signature has 64 bytes.
  init?(body: [UInt8], signature: [UInt8]) {
    guard signature.count == Self.signatureByteCount else { return nil }
    (self.body, self.signature) = (body, signature)
  }

  init?(bytes: some Collection<UInt8>) {
    guard bytes.count > Self.signatureByteCount else { return nil }
    self.init(
      body: Array(bytes.dropLast(Self.signatureByteCount)), signature: Array(bytes.suffix(Self.signatureByteCount)))
  }

  var bytes: [UInt8] { body + signature }

  var byteCount: Int { body.count + signature.count }
}
