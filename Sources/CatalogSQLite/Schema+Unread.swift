extension Schema {
  /// Manifests that were claimed and not read, found without a look at the others.
  static let unread = """
    CREATE INDEX manifest_unread ON manifest (documented) WHERE documented = 0;
    CREATE INDEX manifest_unread_of_repository ON manifest (repository, clock) WHERE documented = 0;
    """
}
