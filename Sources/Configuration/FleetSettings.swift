extension Settings {
  public struct Fleet: Hashable, Sendable {
    /// None: the node stays alone.
    public var listen: [ListenAddress] = []
    /// As `MemberAddress` spells them.
    public var advertise: [String] = []
    /// As `Zone` spells it.
    public var zone: String?
    /// As `NodeName` spells it; `nil`: the machine's name.
    public var name: String?
    /// Of certificates that this node makes as an issuer.
    public var certificateLife = Duration.seconds(90 * 24 * 3600)
  }
}
