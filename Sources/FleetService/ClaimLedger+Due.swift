import RegistryCore

extension ClaimLedger {
  /// The number of a writer's last claim that is not dated behind a time; 0: all are. The clocks of a log rise, so it is
  /// found by halving, with a question of one claim each.
  /// - Parameter end: of the last claim of that writer.
  func lastDue(in writer: WriterID, upTo end: Int64, by milliseconds: Int64) async throws(RegistryError) -> Int64 {
    // Up to and with `due` all is due; from `ahead` on nothing is.
    var (due, ahead, next) = (Int64(0), end + 1, end)
    while due + 1 < ahead {
      let claim = try await run(of: writer, after: next - 1, byteLimit: 1)?.claims.first
      if let body = claim?.body, body.sequence < ahead, body.clock.milliseconds <= milliseconds {
        due = body.sequence
      } else {
        ahead = next
      }
      next = due + (ahead - due) / 2
    }
    return due
  }
}
