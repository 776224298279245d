import FleetCore
import OpenSSLKit
import RegistryCore

/// Certificates that are the key that they are for, then the key that they are signed with.
struct QuickJoinNotary: JoinNotary, CertificateNotary {
  private let quick = QuickNotary()

  func hash(_ bytes: [UInt8]) -> RecordHash { quick.hash(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool {
    quick.isSignature(signature, of: bytes, by: key)
  }

  func code(of bytes: [UInt8], under secret: [UInt8]) -> [UInt8] { quick.hash(secret + [0] + bytes).bytes }

  func key(certifiedBy certificate: [UInt8], of authority: PublicKey) -> PublicKey? {
    certificate.count == 64 && certificate.suffix(32).elementsEqual(authority.bytes)
      ? PublicKey(certificate.prefix(32)) : nil
  }
}

/// An invitation to the fleet of `FleetBench`, and who was invited: node number 2.
struct JoinBench {
  static let notary = QuickJoinNotary()
  static let binding: [UInt8] = [1, 2, 3]

  let fleet = FleetBench()
  let token = JoinBench.token(["192.0.2.1:6001", "node-a.example:6001"])

  static func token(_ addresses: [String], secret: UInt8 = 5) -> InviteToken {
    InviteToken(
      addresses: addresses.compactMap { MemberAddress(parsing: $0) }, fleet: FleetBench().directory.fleet,
      id: InviteID([UInt8](repeating: 4, count: 8))!, secret: InviteSecret([UInt8](repeating: secret, count: 16))!,
      expires: 1_700_000_900)!
  }

  func sign(_ draft: JoinRequest.Draft, as number: Int) -> JoinRequest {
    JoinRequest(draft, signature: QuickNotary().sign(draft.signedBytes, as: key(number)))!
  }

  func request(
    _ number: Int = 2, token: InviteToken? = nil, cardOf: Int? = nil, signer: Int? = nil,
    binding: [UInt8] = JoinBench.binding
  ) -> JoinRequest {
    let draft = JoinRequest.Draft(
      token ?? self.token, key: key(number), card: fleet.card(cardOf ?? number),
      nonce: [UInt8](repeating: 6, count: 16),
      binding: binding, notary: Self.notary)!
    return sign(draft, as: signer ?? number)
  }

  func certificate(of number: Int, by authority: Int = 0) -> [UInt8] { key(number).bytes + key(authority).bytes }
}
