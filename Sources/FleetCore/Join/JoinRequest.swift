import RegistryCore

/// What a machine that was invited sends, and all that it sends: who it is, proven by its own key, and that it knows the
/// secret, which itself stays where it is.
public struct JoinRequest: Hashable, Sendable {
  /// Before it is signed.
  public struct Draft: Hashable, Sendable {
    public let invite: InviteID
    /// The joining node's.
    public let key: PublicKey
    /// What the node will say of itself as a member, signed by the same key. The member that is asked tries its addresses
    /// before it lets it in.
    public let card: MemberCard
    /// Another one each time.
    public let nonce: [UInt8]
    public let proof: [UInt8]

    init?(invite: InviteID, key: PublicKey, card: MemberCard, nonce: [UInt8], proof: [UInt8]) {
      guard nonce.count == JoinRequest.nonceByteCount, proof.count == JoinRequest.proofByteCount else { return nil }
      (self.invite, self.key, self.card) = (invite, key, card)
      (self.nonce, self.proof) = (nonce, proof)
    }

    /// Proves the token's secret for this node on this connection.
    /// - Parameters:
    ///   - nonce: 16 unpredictable bytes; `nil` is returned for another length.
    ///   - binding: what both ends know of the connection and nobody between them can bring about on another one, such as
    ///     the certified key of the member that is asked. So a proof that reached a wrong member is of no use to it.
    public init?(
      _ token: InviteToken, key: PublicKey, card: MemberCard, nonce: [UInt8], binding: [UInt8],
      notary: some JoinNotary
    ) {
      let secret = token.secret.hash(of: token.id, notary).bytes
      let said = JoinRequest.proven(token.id, key: key, nonce: nonce, binding: binding)
      self.init(
        invite: token.id, key: key, card: card, nonce: nonce, proof: notary.code(of: said, under: secret))
    }
  }

  public static let nonceByteCount = 16
  public static let proofByteCount = 32
  public static let byteLimit = MemberCard.byteLimit + 1024

  public let draft: Draft
  let signed: Signed

  private init(draft: Draft, signed: Signed) {
    (self.draft, self.signed) = (draft, signed)
  }

  /// `nil`: a signature has 64 bytes.
  /// - Parameter signature: under the joining node's key, over `draft.signedBytes`.
  public init?(_ draft: Draft, signature: [UInt8]) {
    guard let signed = Signed(body: draft.body, signature: signature) else { return nil }
    self.init(draft: draft, signed: signed)
  }

  /// `nil`: not a request, or not in its one spelling. Fuzzed.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.byteLimit, let signed = Signed(bytes: bytes), let draft = Draft(body: signed.body) else {
      return nil
    }
    self.init(draft: draft, signed: signed)
  }

  public var bytes: [UInt8] { signed.bytes }

  /// Whether it is of the node whose key it names, card and all. Whether it was invited is the book's to say.
  func isGenuine(in fleet: FleetID, _ notary: some FleetNotary) -> Bool {
    let isCardsOwn = draft.card.draft.fleet == fleet && draft.card.node == draft.key.node(notary)
    let isCardSigned = draft.card.isSigned(by: draft.key, notary)
    let isSigned = notary.isSignature(signed.signature, of: Draft.prefix + signed.body, by: draft.key)
    return isCardsOwn && isCardSigned && isSigned
  }

  /// What the proof is a code of.
  static func proven(_ invite: InviteID, key: PublicKey, nonce: [UInt8], binding: [UInt8]) -> [UInt8] {
    Array("shoal proof 1\0".utf8) + invite.bytes + key.bytes + nonce + binding
  }
}

/// As bytes:
///
///     signed    = "shoal join 1" NUL body
///     travelled = body signature                      signature = 64 bytes
///     body      = bencoded: card invite key nonce proof
extension JoinRequest.Draft {
  static let prefix = Array("shoal join 1\0".utf8)

  /// What the joining node's key signs.
  public var signedBytes: [UInt8] { Self.prefix + body }

  var body: [UInt8] {
    BencodeValue.dictionary([
      "card": .bytes(card.bytes), "invite": .bytes(invite.bytes), "key": .bytes(key.bytes), "nonce": .bytes(nonce),
      "proof": .bytes(proof),
    ]).encoded
  }

  init?(body: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: JoinRequest.byteLimit, depth: 4, values: 64)
    guard let root = try? BencodeDocument(body, within: limits).root,
      let card = root["card"]?.bytes.flatMap({ MemberCard(bytes: $0) }),
      let invite = root["invite"]?.bytes.flatMap({ InviteID($0) }),
      let key = root["key"]?.bytes.flatMap({ PublicKey($0) }),
      let nonce = root["nonce"]?.bytes, let proof = root["proof"]?.bytes
    else { return nil }
    self.init(invite: invite, key: key, card: card, nonce: Array(nonce), proof: Array(proof))
  }
}
