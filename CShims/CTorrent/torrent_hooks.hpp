// What libtorrent tells a torrent's plugin, on its own thread and without loss: pieces, states, connections.
#ifndef SHOAL_TORRENT_HOOKS_HPP
#define SHOAL_TORRENT_HOOKS_HPP

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <libtorrent/address.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_info.hpp>

#include "events.hpp"
#include "expected.hpp"
#include "words.hpp"

namespace shoal {

class peer_hooks;

/// A torrent from ct_torrent_add to its release; its number is also its file's.
struct live_torrent {
  std::uint64_t number = 0;
  /// Of the info hash that it is known by.
  int version = 1;
  /// A seed of it answers hash requests: for strangers who have the info dictionary alone.
  bool exchanges_hashes = false;
  /// Set once, by ct_torrent_add or ct_torrent_settle.
  std::atomic<bool> read_only{false};
  /// Its first check has ended: a state other than seeding is news from now on.
  std::atomic<bool> checked{false};
  /// Its check waits for a resume, or has ended: before that a resume would connect to peers too early.
  std::atomic<bool> may_resume{false};

  /// The session's: nobody else connects, and what is dialled is told. Null: whoever comes may, and nothing is.
  std::shared_ptr<expected_peers> expected;
  int piece_count = 0;
  /// Set before it starts.
  std::shared_ptr<lt::torrent_info const> info;
  /// A seed of it shows its pieces one by one to peers that know of that, and words are told of all peers.
  bool hides = false;
  /// Set by libtorrent's thread before it tells anything of the torrent.
  lt::torrent_handle handle;

  /// Blocks that were asked for and came.
  std::atomic<std::int64_t> received_bytes{0};
  /// Peers with a veil; pieces that were shown.
  std::atomic<std::int32_t> veiled{0};
  std::atomic<std::int64_t> revealed{0};

  // What follows is libtorrent's thread's alone.

  /// All peers, from handshake to end.
  std::set<peer_hooks*> connected;
  /// Pieces that came another way before the check had ended, by number.
  std::map<int, std::vector<char>> given;

  /// Those of whom words are told, from handshake to end.
  std::map<std::uint32_t, peer_hooks*> peers;
  /// All pieces are here: peers that come are told so.
  bool whole = false;
  /// Who said that it has everything and then showed nothing: next time it is taken at its word.
  std::set<lt::address> believed;
  /// What peers sent is counted since then, and when the last block came, in microseconds.
  std::int64_t counted_since = 0;
  std::int64_t last_block = 0;
};

std::shared_ptr<lt::torrent_plugin> make_torrent_hooks(
  std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events, std::shared_ptr<word_queue> words);

} // namespace shoal

#endif
