import RegistryHTTP

/// `shoal image …`
struct ImageCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func list() throws {
    let repositories: [RepositoryDocument] = try session.get("images")
    if invocation.wantsJSON { return try output.json(repositories) }
    var table = TextTable(.init("REPOSITORY"), .init("TAGS", .right), .init("MANIFESTS", .right))
    for repository in repositories {
      table.append(repository.repository, "\(repository.tags)", "\(repository.manifests)")
    }
    output.table(table)
  }

  func tags() throws {
    let tags: [TagDocument] = try session.get("images/tags", [("repository", invocation.argument)])
    if invocation.wantsJSON { return try output.json(tags) }
    var table = TextTable(.init("TAG"), .init("DIGEST"), .init("TYPE"), .init("PUSHED"))
    for tag in tags {
      table.append(tag.tag, tag.digest, tag.mediaType, Amount.time(millisecondsSince1970: tag.pushedAtMilliseconds))
    }
    output.table(table)
  }

  func inspect() throws {
    let image = try ImageArgument(parsing: invocation.argument)
    let document: ImageDocument = try session.get("images/inspect", image.parameters)
    if invocation.wantsJSON { return try output.json(document) }
    output.line("repository   \(document.repository)")
    output.line("digest       \(document.digest)")
    output.line("type         \(document.mediaType)")
    output.line("tags         \(document.tags.isEmpty ? "none" : document.tags.joined(separator: ", "))")
    if let subject = document.subject { output.line("subject      \(subject)") }
    if let type = document.artifactType { output.line("artifact     \(type)") }
    output.line("size         \(Amount.bytes(document.blobs.reduce(Int64(document.size)) { $0 + $1.size }))")
    if let keeping = document.keeping {
      let names = keeping.keepers.isEmpty ? "" : ": \(keeping.keepers.joined(separator: ", "))"
      output.line("kept by      \(keeping.keepers.count) of \(keeping.replicas)\(names)")
    }
    let parts = document.blobs + document.manifests
    guard !parts.isEmpty else { return }
    output.line("")
    var table = TextTable(.init("DIGEST"), .init("SIZE", .right), .init("HERE"), .init("TYPE"))
    for part in parts {
      table.append(part.digest, Amount.bytes(part.size), part.isPresent ? "yes" : "no", part.mediaType)
    }
    output.table(table)
  }

  func remove() throws {
    let image = try ImageArgument(parsing: invocation.argument)
    try session.delete("images", image.parameters)
    if invocation.wantsJSON { return try output.json(["removed": invocation.argument]) }
    output.line("removed \(invocation.argument)")
  }
}

extension ImageArgument {
  var parameters: [(String, String?)] { [("repository", repository.text), ("reference", reference.description)] }
}
