extension SettingKey {
  /// The part of the table that is about how many members keep an image.
  static let keep: [SettingKey] = [
    .one(
      "keep.rate", \.keep.rateBytes, .size(0...1 << 40, a: " a second"),
      """
      The fastest that this node makes copies which replace lost ones (replicas in the fleet's policy), in bytes a second \
      on average, counted blob by blob. First copies of what was pushed in the last ten minutes are not held up by it. 0 is \
      as fast as can be.
      """),
    .one(
      "keep.patience", \.keep.patience, .duration(.seconds(1) ... .seconds(24 * 3600)),
      "How long a member may be away before another keeps in its place what it kept. The same on all nodes."),
    .one(
      "push.ack", \.push.acknowledgement, .choice,
      """
      When the push of a manifest is answered. local: it is durable on this node. replicated: besides, as many members keep \
      it whole as the fleet's policy says (replicas), or all where there are fewer. Not with manifests.sparse.
      """),
    .one(
      "push.patience", \.push.patience, .duration(.seconds(1) ... .seconds(3600)),
      """
      How long a push waits for other members with push.ack: replicated. Then it is answered 503, and stays: the same push \
      again is answered as soon as they keep it.
      """),
  ]
}
