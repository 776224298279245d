import FleetCore
import FleetService
import RegistryCore
import Wire

// What a member asks that is about to leave, or that keeps images with this one.
extension FleetHandler {
  /// Two that leave at the same time do not count on each other: who leaves itself does not answer.
  func lacking(
    _ digest: Digest, _ repository: RepositoryName, _ seat: Seat
  ) async throws(RegistryError) -> Response {
    guard !seat.isLeaving() else { return .nothing }
    return .octets(LeavingBytes.digests(try await registry.lacking(of: digest, in: repository)))
  }

  /// One answer for each. A node that keeps nothing for anybody answers as one that does not know the question.
  func kept(_ seat: Seat, _ body: any RequestBody) async throws(RegistryError) -> Response {
    guard !seat.isLeaving(), let keeper = seat.keeper else { return .nothing }
    guard let bytes = await body.collect(atMost: KeptBytes.byteLimit), let names = KeptBytes.names(in: bytes) else {
      return Response(status: 400)
    }
    return .octets(KeptBytes.flags(try await keeper.keeps(names)))
  }

  /// Takes it in on its own, and keeps it: the asker comes back to see.
  func keep(
    _ digest: Digest, _ repository: RepositoryName, _ seat: Seat
  ) async throws(RegistryError) -> Response {
    guard !seat.isLeaving() else { return .nothing }
    if let keeper = seat.keeper {
      try await keeper.accept(ImageName(digest, in: repository))
    } else {
      try await registry.keep(digest, in: repository)
    }
    return Response(status: 202)
  }

  /// Who asks is known by its certificate, and asks for nobody but itself.
  func remove(_ member: NodeID, _ seat: Seat, _ body: any RequestBody) async throws(RegistryError) -> Response {
    guard let issuer = seat.issuer, seat.desk.current.isThisNodeMember else { return .nothing }
    guard let bytes = await body.collect(atMost: LeavingBytes.byteLimit), let heads = LeavingBytes.heads(in: bytes)
    else { return Response(status: 400) }
    let key = seat.desk.current.directory.key(of: member)
    let record = try await issuer.remove(member, havingAll: heads)
    // It is out whatever becomes of this: it would need another invitation to come back.
    if let key, let door = seat.door { try await door.handBack(by: key) }
    return .octets(record.bytes)
  }
}
