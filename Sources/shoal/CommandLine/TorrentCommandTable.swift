/// The part of the table of commands that is about torrents.
extension CommandTable {
  static let torrentCommands = [
    magnet, listTorrents, showTorrent, startTorrent, stopTorrent, restTorrent, verifyTorrent, fetchBlob, cancelFetch,
    status, resolveMagnet,
  ]

  private static let magnet = Command(
    verb: .magnet, name: "magnet", summary: "print magnet links of an image, for any BitTorrent client",
    details: """
      For each manifest, config and layer of the image, and of its children when it is an index. The image must be \
      public (torrent.public). Links name this node as torrent.url says, else as the IMAGE does. Version 1 is what every \
      client knows; version 2 has SHA-256 all the way. They are two torrents of the same bytes.
      """,
    options: node + [
      .init(name: "v2", text: "Torrents of version 2 instead of 1."),
      .init(name: "out", placeholder: "DIR", text: "Write the .torrent files there, each named by its digest."),
      .init(
        name: "private",
        text: "With --out, for an image that is not public: files of version 2 that name no tracker and no address."),
    ], positional: image,
    examples: [
      .init("shoal magnet localhost:5000/team/app:1", "a link for each part"),
      .init("shoal magnet team/app:1 --out torrents", "and its .torrent files"),
    ])

  private static let listTorrents = Command(
    verb: .listTorrents, name: "torrent ls", summary: "list torrents that are live, or that you decided about",
    details: "All other blobs have torrents too; they rest until somebody wants them.", options: node,
    examples: [.init("shoal torrent ls --json", "for a program")])

  private static let showTorrent = Command(
    verb: .showTorrent, name: "torrent show", summary: "show what is known of the torrents of a blob or an image",
    details: """
      While they are live: with whom this node is connected, how many pieces each of them shows, and what moves either \
      way. A member that has all shows its pieces one by one, each to one of the others.
      """, options: node + [watch], positional: blobOrImage,
    examples: [
      .init("shoal torrent show team/app:1", "info hashes, pieces, peers"),
      .init("shoal torrent show team/app:1 --watch", "who sends to whom, while an image arrives"),
    ])

  private static let watch = Command.Option(name: "watch", text: "Show it again each second, until Ctrl-C.")

  private static let startTorrent = Command(
    verb: .startTorrent, name: "torrent start", summary: "keep the torrents of a blob or an image live",
    details: "They are announced and served as long as the node runs, also when nobody asks for them for a while.",
    options: node, positional: blobOrImage,
    examples: [.init("shoal torrent start team/app:1", "every part of the image")])

  private static let stopTorrent = Command(
    verb: .stopTorrent, name: "torrent stop", summary: "keep the torrents of a blob or an image from being live",
    details: "Until torrent start, also after a restart. Clients of the registry pull as before.", options: node,
    positional: blobOrImage, examples: [.init("shoal torrent stop team/app:1", "no more peers for this image")])

  private static let restTorrent = Command(
    verb: .restTorrent, name: "torrent rest", summary: "undo torrent start or stop of a blob or an image",
    details: "Its torrents are live again when somebody wants them, and rest after a while.", options: node,
    positional: blobOrImage, examples: [.init("shoal torrent rest team/app:1", "as if you had decided nothing")])

  private static let verifyTorrent = Command(
    verb: .verifyTorrent, name: "torrent verify", summary: "read a blob or an image again and compare all its hashes",
    details: """
      A blob with wrong bytes is taken out of the store and kept aside, so that a push can bring it anew. --json prints \
      {digest, size, isSound, fault} for each blob, without fault when it is sound.
      """,
    options: node, positional: blobOrImage,
    examples: [.init("shoal torrent verify team/app:1", "exit code 1 when a part is rotten")])

  private static let fetchBlob = Command(
    verb: .fetchBlob, name: "blob fetch", summary: "fetch a blob from BitTorrent peers",
    details: """
      By a .torrent file or a magnet link (in quotes), and the digest that the bytes must have. The node fetches: the \
      command shows how it goes on and may be ended; run it again to look on.
      """,
    options: node + [
      .init(name: "digest", placeholder: "DIGEST", text: "What the blob must be: sha256:… or sha512:…"),
      .init(name: "into", placeholder: "REPOSITORY", text: "The repository that may read it then."),
      .init(
        name: "peer", placeholder: "HOST:PORT", isRepeatable: true, text: "A peer to ask, beside those that are found."),
    ], positional: .init(name: "TORRENT", text: "A .torrent file, or a magnet link."),
    examples: [
      .init("shoal blob fetch layer.torrent --digest sha256:2c26… --into team/app", "with a progress bar"),
      .init("shoal blob fetch 'magnet:?xt=urn:btih:…' --digest sha256:2c26… --into team/app", "by a magnet link"),
    ])

  private static let cancelFetch = Command(
    verb: .cancelFetch, name: "blob cancel", summary: "end a fetch and drop what arrived", options: node,
    positional: .init(name: "DIGEST", text: "The blob that is fetched."),
    examples: [.init("shoal blob cancel sha256:2c26…", "shoal status shows what is under way")])

  private static let status = Command(
    verb: .status, name: "status", summary: "show the node and what it moves",
    details: "Background hashing, fetches, and live torrents with their peers and rates.",
    options: node + [watch],
    examples: [.init("shoal status --watch", "live")])

  /// What the node runs for itself, in a process that may be thrown away.
  private static let resolveMagnet = Command(
    verb: .resolveMagnet, name: "resolve-magnet", summary: "learn a magnet link's torrent from peers",
    options: [
      .init(name: "seconds", placeholder: "NUMBER", text: "Give up after so long (60)."),
      .init(name: "peer", placeholder: "HOST:PORT", isRepeatable: true, text: "A peer to ask."),
      .init(name: "dht-node", placeholder: "HOST:PORT", isRepeatable: true, text: "Who is asked where the DHT is."),
      .init(name: "no-dht", text: "Ask trackers and peers alone."),
    ], positional: .init(name: "MAGNET", text: "A magnet link."), isHidden: true)

  private static let blobOrImage = Command.Positional(
    name: "DIGEST|IMAGE", text: "sha256:…, REPOSITORY:TAG or REPOSITORY@DIGEST.")
}
