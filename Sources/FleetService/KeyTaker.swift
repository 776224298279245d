import FleetCore
import OpenSSLKit
import RegistryCore

/// The taker's side of a handover of the fleet's key: keeps the private half of each wish for the minute in which it may be
/// used, and once.
public struct KeyTaker: Sendable {
  private struct Open: Sendable {
    let wish: KeyWish
    let agreement: AgreementKey
    let deadline: ContinuousClock.Instant
  }

  private static let patience = Duration.seconds(60)

  private let keys: FleetKeys
  /// One an issuer: who asks again begins again.
  private var open: [NodeID: Open] = [:]

  public init(_ keys: FleetKeys) { self.keys = keys }

  /// - Parameter giver: an issuer, by its certificate.
  public mutating func wish(from giver: NodeID, in fleet: FleetID, at now: ContinuousClock.Instant) -> KeyWish {
    let agreement = AgreementKey()
    let wish = KeyWish(agreement, in: fleet, from: giver, by: keys)
    open = open.filter { $0.value.deadline > now }
    open[giver] = Open(wish: wish, agreement: agreement, deadline: now + Self.patience)
    return wish
  }

  /// `nil`: it was not wished for, or is not the fleet's key.
  public mutating func take(
    _ parcel: [UInt8], from giver: NodeID, key: PublicKey, at now: ContinuousClock.Instant
  ) -> Ed25519Key? {
    guard let own = open.removeValue(forKey: giver), own.deadline > now else { return nil }
    return KeyParcel.unpack(parcel, wish: own.wish, own.agreement, key: key)
  }
}
