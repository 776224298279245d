import BlockingWork
import CTorrent
import RegistryCore

/// The one owner of a `ct_session`. Methods that say so block: for a blocking thread only.
final class ShimSession: @unchecked Sendable {
  // Unchecked: the pointer never changes, and the shim takes calls from any thread until `free`, which deinit makes when
  // nobody can call any more.
  let session: OpaquePointer

  /// Blocks.
  init(_ options: SwarmOptions) throws(ShimFailure) {
    var opened: OpaquePointer?
    try withTexts(options.listen) { listen in
      options.agent.withCString { agent in
        options.dhtNodes.joined(separator: ",").withCString { nodes in
          var plain = ct_options(options)
          plain.listen = listen
          plain.agent = agent
          plain.dht_nodes = nodes
          return Result { () throws(ShimFailure) in try ShimFailure.check { ct_session_open(&plain, &opened, $0) } }
        }
      }
    }.get()
    guard let opened else { preconditionFailure("a session that was opened is there") }
    session = opened
  }

  deinit {
    ct_session_close(session)
    ct_session_free(session)
  }

  /// Blocks for the announces to trackers and the end of the library's threads. Safe twice.
  func close() { ct_session_close(session) }

  var endpoints: [PeerEndpoint] {
    let most: Int32 = 16
    let found = [ct_endpoint](unsafeUninitializedCapacity: Int(most)) { buffer, count in
      count = Int(min(ct_session_endpoints(session, buffer.baseAddress, most), most))
    }
    return found.map(PeerEndpoint.init)
  }

  func admit(_ address: String) throws(ShimFailure) {
    try ShimFailure.check { ct_session_admit(session, address, $0) }
  }

  func dismiss(_ address: String) throws(ShimFailure) {
    try ShimFailure.check { ct_session_dismiss(session, address, $0) }
  }

  func expect(_ peer: PeerEndpoint) throws(ShimFailure) {
    try ShimFailure.check { ct_session_expect(session, ct_endpoint(peer), $0) }
  }

  func place(_ address: String, isFar: Bool) throws(ShimFailure) {
    try ShimFailure.check { ct_session_place(session, address, isFar ? 1 : 0, $0) }
  }

  /// Blocks for an answer of the library's thread.
  func set(_ rates: SwarmOptions.Rates) throws(ShimFailure) {
    try ShimFailure.check { ct_session_set_rates(session, ct_rates(rates), $0) }
  }

  // MARK: torrents

  func prepare(
    _ torrent: SwarmTorrent, isSeed: Bool, descriptor: Int32, peers: [PeerEndpoint]
  ) throws(ShimFailure) -> UInt64 {
    var number: UInt64 = 0
    try withPlainTorrent(torrent, peers) { plain in
      plain.seed = isSeed ? 1 : 0
      plain.descriptor = descriptor
      return Result { () throws(ShimFailure) in
        try ShimFailure.check { ct_torrent_prepare(session, &plain, &number, $0) }
      }
    }.get()
    return number
  }

  /// Blocks for an answer of the library's thread.
  func start(_ number: UInt64) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_start(session, number, $0) }
  }

  /// Blocks for writes that were accepted.
  func settle(_ number: UInt64, descriptor: Int32) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_settle(session, number, descriptor, $0) }
  }

  func introduce(_ peers: [PeerEndpoint], to number: UInt64) throws(ShimFailure) {
    let plain = peers.map(ct_endpoint.init)
    try ShimFailure.check { ct_torrent_introduce(session, number, plain, Int32(plain.count), $0) }
  }

  func hurry(_ pieces: Range<Int>, of number: UInt64) throws(ShimFailure) {
    try ShimFailure.check {
      ct_torrent_hurry(session, number, Int32(pieces.lowerBound), Int32(pieces.count), $0)
    }
  }

  /// The bytes are copied.
  func give(_ content: [UInt8], as piece: Int, to number: UInt64) throws(ShimFailure) {
    try ShimFailure.check {
      ct_torrent_give(session, number, Int32(clamping: piece), content, Int32(clamping: content.count), $0)
    }
  }

  func shed(silentFor milliseconds: Int32, from number: UInt64) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_shed(session, number, milliseconds, $0) }
  }

  func remove(_ number: UInt64) throws(ShimFailure) {
    try ShimFailure.check { ct_torrent_remove(session, number, $0) }
  }

  // MARK: events and numbers

  /// Blocks until something happened, words came, or the time is over (-1: it never is). `false` when the session was
  /// closed. One thread only.
  func wait(into events: inout [ct_event], capacity: Int, milliseconds: Int32 = -1) -> Bool {
    var isOpen = true
    events = [ct_event](unsafeUninitializedCapacity: capacity) { buffer, count in
      let found = ct_session_wait(session, buffer.baseAddress, Int32(capacity), milliseconds)
      isOpen = found >= 0
      count = max(Int(found), 0)
    }
    return isOpen
  }

  func refresh() throws(ShimFailure) {
    try ShimFailure.check { ct_session_refresh(session, $0) }
  }

  func statuses() -> [ct_status] {
    // Torrents may come between the question how many there are and the answer; those wait for the next question.
    let capacity = Int(ct_session_statuses(session, nil, 0))
    return [ct_status](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = min(Int(ct_session_statuses(session, buffer.baseAddress, Int32(capacity))), capacity)
    }
  }

  /// Blocks for an answer of the library's thread.
  func peers(of number: UInt64) throws(ShimFailure) -> [ct_peer] {
    // Those that come between the two questions wait for the next one.
    var count: Int32 = 0
    try ShimFailure.check { ct_torrent_peers(session, number, nil, 0, &count, $0) }
    let capacity = count
    var peers = [ct_peer](repeating: ct_peer(), count: Int(capacity))
    try ShimFailure.check { ct_torrent_peers(session, number, &peers, capacity, &count, $0) }
    return Array(peers.prefix(Int(count)))
  }

  var disk: ct_disk_numbers {
    var numbers = ct_disk_numbers()
    ct_session_disk(session, &numbers)
    return numbers
  }

  /// A setting of the library by its own name. Blocks.
  func setting(_ name: String) throws(ShimFailure) -> Int64 {
    var value: Int64 = 0
    try ShimFailure.check { ct_session_setting(session, name, &value, $0) }
    return value
  }
}
