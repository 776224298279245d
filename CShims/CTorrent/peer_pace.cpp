// How fast a peer sends, told four times a second while blocks come.
#include <algorithm>
#include <chrono>

#include <libtorrent/peer_connection.hpp>

#include "failure.hpp"
#include "peer_hooks.hpp"
#include "private_member.hpp"

namespace shoal {

/// Its getter is not exported by the library that Debian builds.
struct owed_blocks_of {
  using type = lt::aux::vector<lt::pending_block> lt::peer_connection::*;
  friend type member(owed_blocks_of);
};
template struct opened<owed_blocks_of, &lt::peer_connection::m_download_queue>;

namespace {

constexpr std::int64_t second = 1'000'000;
/// Between two words of a peer's pace.
constexpr std::int64_t pace_span = second / 4;
/// A torrent that nothing was sent of for so long begins anew: what it waited for was not a peer's line.
constexpr std::int64_t pause = second;
/// Requests of one peer whose answers are waited for: more were never granted, and are not timed.
constexpr std::size_t most_asked = 8192;

std::int64_t now_microseconds() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

/// Blocks that were asked of it and have not come.
std::size_t owed(lt::peer_connection_handle const& peer) {
  auto const connection = peer.native_handle();
  return connection ? ((*connection).*member(owed_blocks_of())).size() : 0;
}

std::uint64_t name_of(lt::peer_request const& block) {
  return static_cast<std::uint64_t>(static_cast<int>(block.piece)) << 32 | static_cast<std::uint32_t>(block.start);
}

} // namespace

void peer_hooks::sent_request(lt::peer_request const& block) {
  auto const now = now_microseconds();
  // This one is among those that it owes by now.
  if (owed(m_peer) <= 1) m_silent_since = now;
  if (m_torrent->whole || m_asked.size() >= most_asked) return;
  quietly([&] { m_asked[name_of(block)] = now; });
}

bool peer_hooks::is_silent_for(std::chrono::microseconds patience) const {
  return owed(m_peer) > 0 && now_microseconds() - m_silent_since >= patience.count();
}

bool peer_hooks::on_reject(lt::peer_request const& block) {
  quietly([&] { m_asked.erase(name_of(block)); });
  return false;
}

bool peer_hooks::on_piece(lt::peer_request const& block, lt::span<char const>) {
  if (!m_torrent->whole) quietly([&] { count(block); });
  return false;
}

void tell_paces(live_torrent& torrent, std::int64_t now) {
  auto const span = now - torrent.counted_since;
  auto const senders = std::count_if(
    torrent.peers.begin(), torrent.peers.end(), [](auto const& peer) { return peer.second->m_blocks > 0; });
  for (auto const& [number, peer] : torrent.peers) {
    bool const timed = peer->m_least_delay != std::numeric_limits<std::int64_t>::max();
    if (peer->m_blocks > 0 && timed && span > 0) {
      auto const blocks_a_second = (peer->m_blocks * second + span - 1) / span;
      peer->tell(CT_WORD_PACE, static_cast<int>(std::min(peer->m_least_delay, 1000 * second)),
        static_cast<int>(std::min<std::int64_t>(blocks_a_second, std::numeric_limits<int>::max())),
        static_cast<int>(std::min<std::ptrdiff_t>(senders, std::numeric_limits<std::uint16_t>::max())));
    }
    peer->m_blocks = 0;
    peer->m_least_delay = std::numeric_limits<std::int64_t>::max();
  }
  torrent.counted_since = now;
}

/// What nobody asked for is not counted: with it a peer would seem to send.
void peer_hooks::count(lt::peer_request const& block) {
  auto const asked = m_asked.find(name_of(block));
  if (asked == m_asked.end()) return;
  auto const now = now_microseconds();
  m_silent_since = now;
  m_torrent->received_bytes += block.length;
  if (m_number != 0) count(now, now - asked->second);
  m_asked.erase(asked);
}

void peer_hooks::count(std::int64_t now, std::int64_t delay) {
  if (now - m_torrent->last_block >= pause) {
    m_torrent->counted_since = now;
    for (auto const& [number, peer] : m_torrent->peers) peer->m_blocks = 0;
  }
  m_torrent->last_block = now;
  m_blocks += 1;
  m_least_delay = std::min(m_least_delay, delay);
  if (now - m_torrent->counted_since >= pace_span) tell_paces(*m_torrent, now);
}

} // namespace shoal
