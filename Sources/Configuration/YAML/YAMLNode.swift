/// The part of YAML that a configuration needs: mappings with plain keys, sequences and scalars, as text and with their
/// places. What a scalar means is for the key to say, so `1.2` stays 1.2 and `no` stays no.
struct YAMLNode: Hashable {
  enum Content: Hashable {
    /// `nil`: nothing was written there, or null.
    case scalar(String?)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  struct Entry: Hashable {
    let key: String
    let mark: Place.Mark
    let value: YAMLNode
  }

  let content: Content
  let mark: Place.Mark
}
