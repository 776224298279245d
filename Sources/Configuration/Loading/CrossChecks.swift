/// What no key can say alone.
extension SettingsDraft {
  mutating func checkAcrossKeys() {
    checkTLS()
    checkListenersDiffer()
    checkReach()
    checkTorrentListeners()
    checkFleetListeners()
    checkAcknowledgement()
  }

  private mutating func checkTLS() {
    let tls = settings.http.tls
    switch (tls.certificate, tls.key) {
    case (_?, nil):
      note(place(of: "http.tls.certificate"), "a certificate without its key", advice: "set http.tls.key too")
    case (nil, _?):
      note(place(of: "http.tls.key"), "a key without its certificate", advice: "set http.tls.certificate too")
    default: break
    }
  }

  private mutating func checkListenersDiffer() {
    let listeners = settings.http.listen
    for (index, listener) in listeners.enumerated() {
      guard let other = listeners[..<index].first(where: listener.overlaps) else { continue }
      let reason = listener == other ? "\(listener) is listed twice" : "\(listener) and \(other) take the same port"
      note(place(of: "http.listen", item: index), reason, advice: "keep one of them")
    }
  }

  /// Both take TCP; the second to start would find the port taken, at best.
  private mutating func checkTorrentListeners() {
    guard settings.torrent.isEnabled, !settings.torrent.publicPatterns.isEmpty else { return }
    for (index, address) in settings.torrent.listen.enumerated() {
      guard let other = settings.http.listen.first(where: address.overlaps) else { continue }
      note(
        place(of: "torrent.listen", item: index), "\(address) takes the port of http.listen \(other)",
        advice: "give it another port, for example 6881")
    }
  }

  private mutating func checkFleetListeners() {
    for (index, address) in settings.fleet.listen.enumerated() {
      guard let other = settings.http.listen.first(where: address.overlaps) else { continue }
      note(
        place(of: "fleet.listen", item: index), "\(address) takes the port of http.listen \(other)",
        advice: "give it another port, for example 6001")
    }
  }

  /// Nobody can have all of what is allowed to lack something, and such a push would wait in vain.
  private mutating func checkAcknowledgement() {
    guard settings.push.acknowledgement == .replicated, settings.manifests.sparse else { return }
    note(
      place(of: "push.ack"),
      "push.ack: replicated waits until members have all of an image, and manifests.sparse lets parts lack",
      advice: "set manifests.sparse: false, or push.ack: local")
  }

  /// Beyond loopback a registry needs TLS and users. There are no users in this release, so nothing but
  /// `insecure` opens it.
  private mutating func checkReach() {
    guard !settings.insecure else { return }
    for (index, listener) in settings.http.listen.enumerated() where !listener.isLoopback {
      let danger =
        settings.http.tls.files == nil
        ? "nothing on the wire is encrypted, and whoever reaches it may push and delete"
        : "whoever reaches it may push and delete, since this release has no users"
      note(
        place(of: "http.listen", item: index), "\(listener) can be reached from other machines: \(danger)",
        advice: """
          listen on 127.0.0.1:\(listener.port), or, if everybody who can reach it may do so, say it with \
          insecure: true (SHOAL_INSECURE=true, --insecure)
          """)
    }
  }
}
