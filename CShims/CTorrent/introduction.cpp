// Peers that the session is told of: dialled at once, and nobody twice.
#include <algorithm>
#include <iterator>
#include <limits>

#include <libtorrent/torrent.hpp>
#include <libtorrent/tracker_manager.hpp>

#include "failure.hpp"
#include "on_thread.hpp"
#include "peer_hooks.hpp"
#include "private_member.hpp"
#include "session.hpp"

namespace shoal {

/// How many peers may still be dialled without waiting for the tick.
struct boost_of {
  using type = std::uint8_t lt::torrent::*;
  friend type member(boost_of);
};
template struct opened<boost_of, &lt::torrent::m_connect_boost_counter>;

namespace {

bool is_connected_with(live_torrent const& torrent, lt::address const& address) {
  return std::any_of(torrent.connected.begin(), torrent.connected.end(),
    [&](peer_hooks const* peer) { return peer->address() == address; });
}

lt::tracker_response answer_naming(std::vector<lt::tcp::endpoint> const& peers) {
  lt::tracker_response answer;
  for (auto const& peer : peers) {
    if (peer.address().is_v4()) answer.peers4.push_back({peer.address().to_v4().to_bytes(), peer.port()});
    else answer.peers6.push_back({peer.address().to_v6().to_bytes(), peer.port()});
  }
  return answer;
}

/// libtorrent dials on a tick of a second, and at once only those whom a tracker's answer names. So this is one. In a herd
/// that second is long: whoever has only the origin is sent by it what others have.
void introduce_now(live_torrent& live, std::vector<lt::tcp::endpoint> const& peers) {
  auto const torrent = live.handle.native_handle();
  if (!torrent) return;
  auto& boost = (*torrent).*member(boost_of());
  auto const wished = std::min<std::size_t>(peers.size(), std::numeric_limits<std::uint8_t>::max());
  boost = std::max(boost, static_cast<std::uint8_t>(wished));
  lt::tracker_request request;
  // Of which version the peers are.
  request.info_hash = live.info->info_hashes().get_best();
  lt::request_callback& asker = *torrent;
  asker.tracker_response(request, {}, {}, answer_naming(peers));
}

} // namespace

/// A member that has dialled us has its address and another port, so that libtorrent would dial it besides, and then end
/// the one or the other connection, whatever is on its way there.
void session::introduce(std::uint64_t number, std::vector<lt::tcp::endpoint> const& peers) {
  auto const entry = find(number);
  on_thread(entry.handle, [live = entry.torrent, peers] {
    std::vector<lt::tcp::endpoint> strange;
    std::copy_if(peers.begin(), peers.end(), std::back_inserter(strange), [&](lt::tcp::endpoint const& peer) {
      return !live->expected || !is_connected_with(*live, peer.address());
    });
    if (!strange.empty()) introduce_now(*live, strange);
  });
}

} // namespace shoal
