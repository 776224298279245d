extension SettingKey {
  /// The one table of keys. The check of files, the names of environment variables, the options of `shoal serve`, the
  /// example file and the page of the docs all come from here; the defaults stand in `Settings`.
  public static let all: [SettingKey] = registry + torrent + fleet + keep

  private static let registry: [SettingKey] = [
    .one(
      "data", \.data, .path, flag: "data",
      "The folder that holds everything: blobs, uploads, catalogue and control socket. It is made when it is missing."),
    .list(
      "http.listen", \.http.listen, .address, flag: "listen",
      """
      Where clients reach the registry. HOST is an IP address (IPv6 in brackets), localhost (127.0.0.1) or * (every \
      address). Put one that starts with * or [ in quotes. Port 0 lets the kernel pick.
      """),
    .one(
      "http.loops", \.http.loops, .count(0...1024),
      "Event loops that serve connections. 0 is one for each core."),
    .one(
      "http.tls.certificate", \.http.tls.certificate, .optionalPath, flag: "tls-certificate", reloads: true,
      "The certificate with its chain, in PEM. With certificate and key the listeners speak HTTPS."),
    .one(
      "http.tls.key", \.http.tls.key, .optionalPath, flag: "tls-key", reloads: true,
      "The private key of the certificate, in PEM, without a passphrase."),
    .one("http.tls.minimum", \.http.tls.minimum, .choice, "The oldest version of TLS that a client may speak."),
    .one(
      "insecure", \.insecure, .flag, flag: "insecure",
      """
      Listen beyond this machine although whoever reaches the registry may push and delete. This release has no users \
      yet, so every listener beyond loopback needs it.
      """),
    .list(
      "names", \.names, .registryName,
      """
      What clients call the registry, on every node of a fleet the same: a host that leads to its nodes, with the port where \
      it is not the usual one. .torrent files and magnet links tell the first of them instead of the node that was asked. \
      The certificate of http.tls must name each of them.
      """),
    .one("limits.connections", \.limits.connections, .count(1...1_000_000), "Connections that are open at once."),
    .one(
      "limits.connections_per_address", \.limits.connectionsPerAddress, .count(1...1_000_000),
      "Connections that one address may have open. Clients behind one proxy or NAT share an address."),
    .one(
      "limits.head_bytes", \.limits.headBytes, .size(1 << 10...64 << 10),
      "The longest head of a request: its line and its header fields."),
    .one(
      "limits.manifest_bytes", \.limits.manifestBytes, .size(64 << 10...64 << 20),
      "The largest manifest that may be pushed."),
    .one(
      "limits.uploads", \.limits.uploads, .count(1...1_000_000),
      "Uploads that are open at once, also those that rest between two requests."),
    .one(
      "limits.body_rate_minimum", \.limits.bodyRateMinimumBytes, .size(0...1 << 30, a: " a second"),
      "The slowest that a client may send a body, in bytes a second, before it is cut off. 0 is as slow as it likes."),
    .one("limits.blob_bytes", \.limits.blobBytes, .size(1 << 20...16 << 40), "The largest blob that may be pushed."),
    .one(
      "timeouts.head", \.timeouts.head, .duration(.milliseconds(100) ... .seconds(3600)),
      "From the first byte of a request's head to its last."),
    .one(
      "timeouts.handshake", \.timeouts.handshake, .duration(.milliseconds(100) ... .seconds(3600)),
      "From the accepted connection to the end of the TLS handshake."),
    .one(
      "timeouts.idle", \.timeouts.idle, .duration(.milliseconds(100) ... .seconds(24 * 3600)),
      "How long a connection may rest between two requests."),
    .one(
      "timeouts.shutdown", \.timeouts.shutdown, .duration(.seconds(0) ... .seconds(24 * 3600)),
      "How long running requests may go on after SIGTERM. A second signal ends them at once."),
    .one(
      "uploads.expire", \.uploads.expire, .duration(.seconds(60) ... .seconds(365 * 24 * 3600)),
      "How long an upload may rest before its bytes are thrown away."),
    .one(
      "uploads.chunk_minimum", \.uploads.chunkMinimumBytes, .size(0...1 << 30),
      "The smallest chunk, but for the last, that clients are asked for (OCI-Chunk-Min-Length). 0 asks for none."),
    .one(
      "manifests.sparse", \.manifests.sparse, .flag,
      "Accept a manifest although not every blob and manifest that it names is here (a sparse manifest)."),
    .one(
      "blobs.delete_needed", \.blobs.deleteNeeded, .choice,
      """
      What to do when a client deletes a blob that a manifest of the same repository needs. A member of a fleet always \
      refuses: the blob would come back from the others.
      """),
    .one("log.level", \.log.level, .choice, flag: "log-level", "The least that is logged."),
    .one(
      "log.format", \.log.format, .choice, flag: "log-format",
      "auto is logfmt on a terminal and JSON lines anywhere else."),
    .one("log.access", \.log.access, .flag, "Log one line for each request, at level info."),
    .one("metrics.enabled", \.metrics.isEnabled, .flag, "Serve /metrics in Prometheus' format."),
    .one(
      "cache.manifest_bytes", \.cache.manifestBytes, .size(0...1 << 40),
      "Memory for manifests that are asked for often. 0 keeps none."),
  ]
}
