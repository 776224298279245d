// A fetch that is helped along: pieces that came another way, peers that are let go of.
#ifndef SHOAL_RELIEF_HPP
#define SHOAL_RELIEF_HPP

#include <memory>

#include "torrent_hooks.hpp"

namespace shoal {

/// What was given to the torrent while libtorrent would not take it, if it does by now. Any thread; does not wait.
void give_held(std::shared_ptr<live_torrent> const& torrent);

} // namespace shoal

#endif
