// What we say to a peer beside libtorrent: messages of BEP 3 and 6 as they are on the wire.
#include <algorithm>

#include <libtorrent/error_code.hpp>
#include <libtorrent/peer_connection.hpp>

#include "peer_hooks.hpp"
#include "private_member.hpp"

namespace shoal {

/// Its setter is not exported by the library that Debian builds.
struct request_limit_of {
  using type = std::uint16_t lt::peer_connection::*;
  friend type member(request_limit_of);
};
template struct opened<request_limit_of, &lt::peer_connection::m_max_out_request_queue>;

namespace {

enum class message : char { unchoke = 1, have = 4, suggest = 13, have_all = 14 };

constexpr std::size_t have_bytes = 9;

void append(std::vector<char>& bytes, message message) {
  bytes.insert(bytes.end(), {0, 0, 0, 1, static_cast<char>(message)});
}

void append(std::vector<char>& bytes, message message, int piece) {
  bytes.insert(bytes.end(), {0, 0, 0, 5, static_cast<char>(message)});
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(piece >> shift));
}

} // namespace

void peer_hooks::send(std::vector<char> const& bytes) {
  if (m_peer.is_disconnecting() || bytes.empty()) return;
  m_peer.send_buffer(bytes.data(), static_cast<int>(bytes.size()));
}

void peer_hooks::show(std::vector<int> const& pieces) {
  std::vector<char> bytes;
  for (int const piece : pieces)
    if (piece >= 0 && piece < m_torrent->piece_count) append(bytes, message::have, piece);
  m_torrent->revealed += static_cast<std::int64_t>(bytes.size() / have_bytes);
  // A peer whose requests have run dry would look at what it was shown seconds later; this makes it look now.
  if (!bytes.empty() && !m_peer.is_choked()) append(bytes, message::unchoke);
  send(bytes);
}

void peer_hooks::open() {
  std::vector<char> bytes;
  append(bytes, message::have_all);
  send(bytes);
}

void peer_hooks::suggest(std::vector<int> const& pieces) {
  std::vector<char> bytes;
  for (int const piece : pieces)
    if (piece >= 0 && piece < m_torrent->piece_count) append(bytes, message::suggest, piece);
  send(bytes);
}

void peer_hooks::cut() {
  m_torrent->believed.insert(m_peer.remote().address());
  if (!m_peer.is_disconnecting())
    m_peer.disconnect(boost::asio::error::timed_out, lt::operation_t::bittorrent);
}

void peer_hooks::let_go() {
  if (!m_peer.is_disconnecting())
    m_peer.disconnect(boost::asio::error::timed_out, lt::operation_t::bittorrent, lt::peer_connection_interface::failure);
}

void peer_hooks::deepen(int blocks) {
  auto const connection = m_peer.native_handle();
  if (!connection) return;
  (*connection).*member(request_limit_of()) = static_cast<std::uint16_t>(std::clamp(blocks, 1, 1500));
}

} // namespace shoal
