// What libtorrent tells a torrent's plugin, on its own thread and without loss: pieces, states, connections.
#ifndef SHOAL_TORRENT_HOOKS_HPP
#define SHOAL_TORRENT_HOOKS_HPP

#include <atomic>
#include <memory>

#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

#include "events.hpp"

namespace shoal {

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
};

std::shared_ptr<lt::torrent_plugin> make_torrent_hooks(
  std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events);

} // namespace shoal

#endif
