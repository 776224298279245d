import CTorrentDiskTrials
import Glibc
import Testing

/// The disk behind the torrents. The trials themselves are C++, next door: they call libtorrent's own interface.
@Suite struct DiskTests {
  @Test func aPieceIsVerifiedOnlyWhenItsBytesAreInTheFile() throws { try hold("hash_waits_for_the_file") }
  @Test func readsAndHashesPassAWriteThatWaitsForTheDisk() throws { try hold("reads_pass_a_blocked_write") }
  @Test func aFenceIsAnsweredAfterAllBeforeItAndNotAfterOtherPieces() throws { try hold("fences_come_last") }
  @Test func neighbouringBlocksAreOneWrite() throws { try hold("neighbours_are_one_write") }
  @Test func writebackIsStartedBeforeThePromotion() throws { try hold("writeback_is_started") }
  @Test func peersAreStoppedAtTheMarkAndToldToGoOn() throws { try hold("peers_are_stopped_and_told") }
  @Test func theGateOpensAtHalfOfItsMarkAndHasABound() throws { try hold("the_gate_opens_at_half") }
  @Test func memoryOfIdleBlocksGoesBackToTheSystem() throws { try hold("memory_goes_back") }
  @Test func theNetworkThreadMakesNoSystemCallOnAFile() throws { try hold("no_call_on_the_network_thread") }
  @Test func anAbortAnswersEachJobAndLosesNoWrite() throws { try hold("abort_answers_all") }

  @Test func aReadOnlyFileIsNeverWrittenTo() throws { try hold("read_only_is_never_written") }
  @Test func aSeedThatIsShortOrUnlinkedIsToldOnce() throws { try hold("rot_is_told_once") }
  @Test func anErrorOfTheDeviceIsRotOfASeedAndNotOfAFetch() throws { try hold("rot_of_the_device") }
  @Test func aPromotionWaitsForWritesAndReadsGoOn() throws { try hold("replacement_goes_on") }
  @Test func aFileThatWasRemovedIsNotThere() throws { try hold("removed_files_are_gone") }
  @Test func aFetchIsCheckedWhenItHoldsSomething() throws { try hold("checks_of_a_fetch") }
  @Test func aSeedIsNeverRechecked() throws { try hold("checks_of_a_seed") }
  @Test func aPieceWhoseWriteFailedIsNotVerified() throws { try hold("failed_write_fails_its_hash") }
  @Test func aPieceOfASeedIsProvenAtItsFirstReadAndOnce() throws { try hold("pieces_are_proven_once") }
  @Test func aPieceOfAPromotedFetchIsProvenAsASeedsIs() throws { try hold("promoted_pieces_are_proven") }
  @Test func behindTheEndOfAFilePeersReadZeros() throws { try hold("pads_are_zeros") }
  @Test func onlyPathsOfTheTableNameFiles() throws { try hold("names_of_files") }

  /// No disk, but C++ as well: who may connect to a session on loopback.
  @Test func anExpectedEndpointLetsInOneConnectionInTime() throws { try hold("endpoints_are_expected_once") }

  /// Random calls on a disk that is slow, short and (for even seeds) failing, against a model in memory.
  @Test(arguments: [UInt64](1...6))
  func randomCallsAreAnsweredOnceAndRightly(seed: UInt64) throws { try hold("torture", seed: seed) }

  @Test func randomCallsOfANewSeedAreAnsweredOnceAndRightly() throws {
    try hold("torture", seed: .random(in: 7...UInt64.max))
  }

  private func hold(_ trial: String, seed: UInt64 = 0) throws {
    var template = Array("/tmp/shoal-disk-trial-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    let folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    // The trial has removed its files: a folder that stays is a finding too.
    defer { #expect(rmdir(folder) == 0) }
    let broken = disk_trial(trial, folder, seed).map { String(cString: $0) }
    #expect(broken == nil, "\(trial), seed \(seed)")
  }
}
