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
    /// Blobs come through swarms of the members, and over the channel beside them; else over the channel alone.
    public var usesSwarm = true
    /// Connections of its swarms.
    public var connections = 1000
    public var rate = Rate()
    /// Of certificates that this node makes as an issuer.
    public var certificateLife = Duration.seconds(90 * 24 * 3600)

    /// Bytes a second; 0: no limit.
    public struct Rate: Hashable, Sendable {
      public var uploadBytes = 0
      public var downloadBytes = 0
      /// Of these, to and from members of other sites, all together.
      public var siteUploadBytes = 0
      public var siteDownloadBytes = 0
    }
  }
}
