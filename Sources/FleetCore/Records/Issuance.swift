import RegistryCore

/// What a record says of a node's right to let others in, and with it of who holds the fleet's key.
public struct Issuance: Hashable, Sendable {
  /// The life of the node (`Membership.life`) that it is said of: who is put out and let in again is an issuer no more.
  public let life: Int64
  public let mayIssue: Bool

  public init(life: Int64, mayIssue: Bool) {
    (self.life, self.mayIssue) = (life, mayIssue)
  }

  /// A key that a later release adds is passed over.
  init?(content: ArraySlice<UInt8>) {
    let limits = BencodeDocument.Limits(bytes: FleetRecord.contentByteLimit, depth: 4, values: 256)
    guard let root = try? BencodeDocument(Array(content), within: limits).root,
      let flag = root["issuer"]?.integer, 0...1 ~= flag,
      let life = root["life"]?.integer, Membership.lives ~= life
    else { return nil }
    self.init(life: life, mayIssue: flag == 1)
  }

  var content: [UInt8] {
    BencodeValue.dictionary(["issuer": .integer(mayIssue ? 1 : 0), "life": .integer(life)]).encoded
  }
}
