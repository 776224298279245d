import Configuration

/// The one table of commands. Parsing and help come from here.
enum CommandTable {
  static let commands: [Command] =
    [serve, checkConfiguration, version] + images + tags + [verifyBlobs, rebuild] + torrentCommands
    + fleetCommands + [document, help]

  /// First words of commands of two words, with what they are about.
  static let groups: [(name: String, summary: String)] = [
    ("image", "look at images and remove them"),
    ("tag", "look back at what a tag named, and go back to it"),
    ("blob", "check stored bytes, and fetch some from BitTorrent peers"),
    ("torrent", "look at the torrents of blobs, start and stop them"),
    ("fleet", "make nodes one registry"),
    ("fleet policy", "say what holds on all nodes of the fleet"),
    ("catalog", "repair the database of names"),
  ]

  private static let serve = Command(
    verb: .serve, name: "serve", summary: "run a node",
    details: """
      Runs a registry until SIGTERM or SIGINT, which let running requests finish; a second signal ends them. SIGHUP \
      reads the certificate again. Needs no configuration; an option wins over its environment variable, \
      and that over the file. docs/CONFIGURATION.md has every key.
      """,
    options: [config] + SettingKey.all.compactMap(setting),
    examples: [
      .init("shoal serve", "on 127.0.0.1:5000, data in ./data"),
      .init("shoal serve --data /var/lib/shoal --listen 127.0.0.1:5000 --listen '[::1]:5000'", "on two addresses"),
      .init("shoal serve --config /etc/shoal/shoal.yaml", "as a file says"),
    ])

  private static let checkConfiguration = Command(
    verb: .checkConfiguration, name: "check-config", summary: "check configuration files without starting",
    details: "Tells every mistake with its line, the reason and what to write instead.", options: [json],
    positional: .init(name: "FILE", text: "A YAML file.", count: .oneOrMore),
    examples: [.init("shoal check-config /etc/shoal/shoal.yaml", "before a restart")])

  private static let version = Command(
    verb: .version, name: "version", summary: "print the version", options: [json])

  private static let images = [
    Command(
      verb: .listImages, name: "image ls", summary: "list repositories", options: node,
      examples: [.init("shoal image ls --json", "for a program")]),
    Command(
      verb: .listTags, name: "image tags", summary: "list the tags of a repository", options: node,
      positional: .init(name: "REPOSITORY", text: "A repository; one of the registry's names may stand before it."),
      examples: [.init("shoal image tags library/alpine", "tags, digests, sizes and times")]),
    Command(
      verb: .inspectImage, name: "image inspect", summary: "show what an image is made of", options: node,
      positional: image, examples: [.init("shoal image inspect library/alpine:3.20", "its manifest, blobs and tags")]),
    Command(
      verb: .removeImage, name: "image rm", summary: "remove a tag, or a manifest with all its tags",
      details: """
        REPOSITORY:TAG removes the tag and leaves the manifest. REPOSITORY@DIGEST removes the manifest and every tag \
        that names it. Blobs that nothing needs any more stay on disk in this release.
        """, options: node, positional: image,
      examples: [.init("shoal image rm library/alpine:3.20", "that tag alone")]),
  ]

  private static let tags = [
    Command(
      verb: .tagHistory, name: "tag history", summary: "show what a tag named, newest first",
      options: node + [.init(name: "limit", placeholder: "NUMBER", text: "At most so many entries (100).")],
      positional: tag, examples: [.init("shoal tag history library/alpine:latest --limit 5", "its last five moves")]),
    Command(
      verb: .rollbackTag, name: "tag rollback", summary: "point a tag at what it named before",
      options: node + [.init(name: "to", placeholder: "DIGEST", text: "Go to this one instead of the one before.")],
      positional: tag, examples: [.init("shoal tag rollback library/alpine:latest", "undo the last push of the tag")]),
  ]

  private static let verifyBlobs = Command(
    verb: .verifyBlobs, name: "blob verify", summary: "read stored blobs and compare them with their digests",
    details: "A blob with wrong bytes is taken out of the store and kept aside, so that a push can bring it anew.",
    options: node + [.init(name: "report-only", text: "Leave rotten blobs where they are.")],
    examples: [.init("shoal blob verify --report-only", "exit code 1 when a blob is rotten")])

  private static let rebuild = Command(
    verb: .rebuildCatalog, name: "catalog rebuild", summary: "make the catalogue anew from what is on disk",
    details: """
      For a node whose catalogue is lost or damaged. Manifests and blobs are found again on disk; tags come back as far \
      as the old catalogue can still be read; their history is lost. The old file is kept. \
      The node must not run. Of a member of a fleet names and tags are not made anew: they come from the other members when \
      it runs again, since what it said now might undo what they have deleted or moved meanwhile.
      """, options: node,
    examples: [.init("shoal catalog rebuild --data /var/lib/shoal", "then start the node")])

  private static let document = Command(
    verb: .document, name: "document", summary: "print what is made from the table of keys",
    positional: .init(name: "example|page", text: "config/shoal.yaml or docs/CONFIGURATION.md."), isHidden: true)

  private static let help = Command(
    verb: .help, name: "help", summary: "explain a command",
    positional: .init(name: "COMMAND", text: "One or two words.", count: .any),
    examples: [.init("shoal help tag rollback", "the same as shoal tag rollback --help")])

  static let image = Command.Positional(
    name: "IMAGE", text: "REPOSITORY:TAG or REPOSITORY@DIGEST, with or without HOST:PORT/ before it.")
  private static let tag = Command.Positional(name: "REPOSITORY:TAG", text: "A tag of a repository.")

  private static let config = Command.Option(
    name: "config", placeholder: "FILE", text: "Read this YAML file (SHOAL_CONFIG).")
  private static let json = Command.Option(name: "json", text: "Print JSON, for programs.")

  /// What every command has that asks a node.
  static let node: [Command.Option] = [
    Command.Option(
      name: "data", placeholder: "PATH", text: "The node's data folder (SHOAL_DATA, else ./data).", isSetting: true),
    config, json,
  ]

  private static func setting(_ key: SettingKey) -> Command.Option? {
    key.flag.map { flag in
      Command.Option(
        name: flag, placeholder: key.shape == .flag ? nil : key.placeholder, isRepeatable: key.shape == .list,
        text: key.text, isSetting: true)
    }
  }
}
