extension Invocation {
  /// An image or a repository may be written as clients write it, with the registry's own name before it (`names`). That a
  /// name has no port it shares with repositories, so it must be known.
  func withoutRegistry(_ names: [String]) -> Invocation {
    guard let first = arguments.first, let name = names.first(where: { first.hasPrefix("\($0)/") }) else { return self }
    return Invocation(
      command: command, values: values, arguments: [String(first.dropFirst(name.count + 1))] + arguments.dropFirst())
  }

  /// Whether the argument may be an image or a repository with something before it.
  var mayNameRegistry: Bool {
    switch verb {
    case .listTags, .inspectImage, .removeImage, .tagHistory, .rollbackTag, .magnet, .showTorrent, .startTorrent,
      .stopTorrent, .restTorrent, .verifyTorrent:
      arguments.first?.contains("/") == true
    default: false
    }
  }
}
