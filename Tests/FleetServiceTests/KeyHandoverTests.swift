import FleetCore
import FleetService
import OpenSSLKit
import RegistryCore
import Testing

/// The fleet's key on its way from an issuer to another member.
struct KeyHandoverTests {
  private let giver = FleetKeys(Ed25519Key())
  private let taker = FleetKeys(Ed25519Key())
  private let fleetKey = Ed25519Key()

  private var fleetPublic: PublicKey { PublicKey(fleetKey.publicBytes)! }
  private var fleet: FleetID { fleetPublic.fleet(giver) }

  private func heard(_ bytes: [UInt8], of node: FleetKeys? = nil, in fleet: FleetID? = nil) -> KeyWish? {
    KeyWish(
      bytes, of: (node ?? taker).publicKey, in: fleet ?? self.fleet, from: giver.node, notary: giver)
  }

  @Test func whatIsSealedForAWishIsTakenOnce() throws {
    var desk = KeyTaker(taker)
    let wish = desk.wish(from: giver.node, in: fleet, at: .now)
    let known = try #require(heard(wish.bytes))
    let parcel = try #require(KeyParcel.pack(fleetKey, for: known))
    let key = desk.take(parcel, from: giver.node, key: fleetPublic, at: .now)
    #expect(key?.publicBytes == fleetKey.publicBytes)
    #expect(desk.take(parcel, from: giver.node, key: fleetPublic, at: .now) == nil)
  }

  @Test func aWishIsOfOneNodeForOneFleetAndOneGiver() {
    let wish = KeyWish(AgreementKey(), in: fleet, from: giver.node, by: taker)
    #expect(heard(wish.bytes) != nil)
    #expect(heard(wish.bytes, of: giver) == nil)
    #expect(heard(wish.bytes, in: taker.publicKey.fleet(taker)) == nil)
    let other = KeyWish(AgreementKey(), in: fleet, from: taker.node, by: taker)
    #expect(heard(other.bytes) == nil)
    for place in [0, 31, 32, 95] {
      var changed = wish.bytes
      changed[place] ^= 1
      #expect(heard(changed) == nil)
    }
    #expect(heard(Array(wish.bytes.dropLast())) == nil)
  }

  @Test func whatIsLateOrChangedOrOfAnotherFleetIsNotTaken() throws {
    var desk = KeyTaker(taker)
    let now = ContinuousClock.now
    let late = try #require(heard(desk.wish(from: giver.node, in: fleet, at: now).bytes))
    let parcel = try #require(KeyParcel.pack(fleetKey, for: late))
    #expect(desk.take(parcel, from: giver.node, key: fleetPublic, at: now + .seconds(61)) == nil)

    let wish = try #require(heard(desk.wish(from: giver.node, in: fleet, at: now).bytes))
    var changed = try #require(KeyParcel.pack(fleetKey, for: wish))
    changed[40] ^= 1
    #expect(desk.take(changed, from: giver.node, key: fleetPublic, at: now) == nil)

    let third = try #require(heard(desk.wish(from: giver.node, in: fleet, at: now).bytes))
    let foreign = try #require(KeyParcel.pack(Ed25519Key(), for: third))
    #expect(desk.take(foreign, from: giver.node, key: fleetPublic, at: now) == nil)
  }

  @Test func onlyTheOneWhoWasAskedForIsHeard() throws {
    var desk = KeyTaker(taker)
    let wish = try #require(heard(desk.wish(from: giver.node, in: fleet, at: .now).bytes))
    let parcel = try #require(KeyParcel.pack(fleetKey, for: wish))
    #expect(desk.take(parcel, from: taker.node, key: fleetPublic, at: .now) == nil)
  }
}
