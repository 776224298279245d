import CTorrent

// What peers say that they have.
extension ShimSession {
  /// What has come, at most so many, in order; does not wait. The thread of `wait`.
  func words(capacity: Int) -> [ct_word] {
    [ct_word](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = Int(ct_session_words(session, buffer.baseAddress, Int32(capacity)))
    }
  }

  /// After words were lost: those of all peers that are connected come anew.
  func tellAgain() throws(ShimFailure) {
    try ShimFailure.check { ct_session_tell_again(session, $0) }
  }

  // MARK: what is done to one peer

  func reveal(_ pieces: [Int], of number: UInt64, to peer: UInt32) throws(ShimFailure) {
    let plain = pieces.map(Int32.init)
    try ShimFailure.check { ct_torrent_reveal(session, number, peer, plain, Int32(plain.count), $0) }
  }

  /// It has everything, from now on.
  func open(_ number: UInt64, to peer: UInt32) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_open(session, number, peer, $0) }
  }

  func cut(_ peer: UInt32, of number: UInt64) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_cut(session, number, peer, $0) }
  }

  func suggest(_ pieces: [Int], of number: UInt64, to peer: UInt32) throws(ShimFailure) {
    let plain = pieces.map(Int32.init)
    try ShimFailure.check { ct_torrent_suggest(session, number, peer, plain, Int32(plain.count), $0) }
  }

  func deepen(_ peer: UInt32, of number: UInt64, blocks: Int) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_deepen(session, number, peer, Int32(clamping: blocks), $0) }
  }
}
