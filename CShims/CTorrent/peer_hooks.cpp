#include "peer_hooks.hpp"

#include <utility>

#include <libtorrent/aux_/socket_type.hpp>
#include <libtorrent/peer_connection.hpp>
#include <libtorrent/peer_info.hpp>
#include <libtorrent/torrent_peer.hpp>

#include "failure.hpp"

namespace shoal {

ct_endpoint plain_endpoint(lt::tcp::endpoint const& endpoint) {
  ct_endpoint plain = {};
  copy_text(plain.address, endpoint.address().to_string().c_str());
  plain.port = endpoint.port();
  return plain;
}

/// Incoming: it has named the torrent and was told nothing yet. Outgoing: its socket is open only when it is connected.
peer_hooks::peer_hooks(lt::peer_connection_handle const& peer, std::shared_ptr<live_torrent> torrent,
  std::shared_ptr<event_queue> events, std::shared_ptr<word_queue> words)
    : m_peer(peer), m_torrent(std::move(torrent)), m_events(std::move(events)), m_words(std::move(words)) {
  if (m_peer.is_outgoing()) return;
  if (m_torrent->expected && !m_torrent->expected->take(m_peer.remote())) turn_away();
  else send_at_once();
}

peer_hooks::~peer_hooks() { quietly([&] { leave(); }); }

void peer_hooks::on_connected() {
  quietly([&] {
    send_at_once();
    if (m_torrent->expected) tell_dialled();
  });
}

/// Nothing can be sent or read any more: it does not even hear whether the torrent is here. Not `disconnect`: libtorrent
/// goes on with the connection as with any other, and finds its end.
void peer_hooks::turn_away() {
  auto const connection = m_peer.native_handle();
  if (!connection) return;
  // In the fleet there is no other kind of socket.
  auto* const socket = boost::get<lt::tcp::socket>(&connection->get_socket());
  lt::error_code ignored; // it may have gone by itself
  if (socket) socket->shutdown(lt::tcp::socket::shutdown_both, ignored);
}

void peer_hooks::tell_dialled() {
  ct_event event = {};
  event.kind = CT_EVENT_DIALLED;
  event.number = m_torrent->number;
  event.near = plain_endpoint(m_peer.local_endpoint());
  event.far = plain_endpoint(m_peer.remote());
  m_events->push(event);
}

void peer_hooks::tell_banned() {
  ct_event event = {};
  event.kind = CT_EVENT_BANNED;
  event.number = m_torrent->number;
  event.far = plain_endpoint(m_peer.remote());
  m_events->push(event);
}

/// libtorrent never sets TCP_NODELAY, which costs 40 ms a turn.
void peer_hooks::send_at_once() {
  auto const connection = m_peer.native_handle();
  if (!connection) return;
  lt::error_code ignored; // a uTP socket has no such option
  connection->get_socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

/// After the handshake, and before anything that follows from it.
bool peer_hooks::on_handshake(lt::span<char const>) {
  quietly([&] {
    m_torrent->connected.insert(this);
    if (!m_torrent->exchanges_hashes || !m_torrent->read_only) speak_of_hashes(false);
    if (m_torrent->hides) join();
  });
  return true;
}

/// A piece failed that this peer sent a part of; libtorrent takes two points of trust after this call, and bans at -7.
/// One bad block in each of four pieces would do that to the honest peer that sent the rest. So nobody falls that deep
/// by shared pieces. Who sent all of a failed piece is banned whatever its points, and who sent a block that differs
/// from the one that passed later is too (smart_ban).
void peer_hooks::on_piece_failed(lt::piece_index_t) {
  quietly([&] {
    if (auto* const known = record(); known && known->trust_points < 0) known->trust_points = 0;
  });
}

void peer_hooks::on_disconnect(lt::error_code const& error) {
  quietly([&] {
    leave();
    // The one is said of who sent all of a failed piece, the other of who sent a block that differs from the one that
    // passed, and of who comes after that.
    if (error == lt::errors::too_many_corrupt_pieces || error == lt::errors::peer_banned) tell_banned();
    // What is set on the peer outlives the connection, and the next handshake needs it.
    speak_of_hashes(true);
    if (error == lt::errors::duplicate_peer_id) dial_no_more();
  });
}

/// In libtorrent 2.0.8 (to 2.0.13) a peer that sends a bad block and then rejects the request for the block's hashes
/// writes where nothing is. We always have the piece layer, so nothing need be asked: a peer that is not taken to speak
/// version 2 is asked for no hashes, and cut when it sends any hash message. Seeds of the public session alone answer
/// such messages; they never ask.
void peer_hooks::speak_of_hashes(bool speak) {
  auto* const known = record();
  if (known && m_torrent->version == 2) known->protocol_v2 = speak;
}

/// There is another connection with it, which it has dialled or we have. libtorrent does not see that they are the same
/// peer's and would dial again every other second. Whoever is introduced anew is dialled.
void peer_hooks::dial_no_more() {
  if (auto* const known = record(); known && m_torrent->expected) known->connectable = false;
}

lt::torrent_peer* peer_hooks::record() const {
  auto const connection = m_peer.native_handle();
  return connection ? connection->peer_info_struct() : nullptr;
}

// MARK: words

namespace {

bool is_named_as_hiding(lt::peer_id const& name) {
  char const mine[] = {'-', 'S', 'H'};
  return std::equal(std::begin(mine), std::end(mine), name.data()) && name[7] == '-'
    && name[5] == '0' + hiding_version / 10 && name[6] == '0' + hiding_version % 10;
}

} // namespace

void peer_hooks::join() {
  m_number = m_words->next_peer();
  m_torrent->peers.emplace(m_number, this);
  m_hides = is_named_as_hiding(m_peer.pid());
  if (m_peer.is_outgoing()) m_joined_flags |= CT_JOINED_OUTGOING;
  // What libtorrent says next is that all is here, and a peer like us keeps that from its own.
  if (m_hides && m_torrent->whole) m_joined_flags |= CT_JOINED_VEILED;
  tell(CT_WORD_JOINED, 0, 0, m_joined_flags);
}

void peer_hooks::leave() {
  m_torrent->connected.erase(this);
  unveil();
  if (m_number == 0) return;
  m_torrent->peers.erase(m_number);
  tell(CT_WORD_LEFT);
  m_number = 0;
}

void peer_hooks::tell(ct_word_kind kind, int piece, int count, int flags) {
  if (m_number == 0) return;
  m_words->push({m_torrent->number, m_number, static_cast<std::uint16_t>(kind), static_cast<std::uint16_t>(flags),
    piece, count});
}

/// The first time, from one that hides: libtorrent never hears of it, and takes the peer for one that has nothing until
/// it shows a piece.
bool peer_hooks::on_have_all() {
  bool swallowed = false;
  quietly([&] {
    swallowed = may_veil();
    if (swallowed) return veil();
    // Counted before it is told: who hears of it may look.
    if (unveil()) tell(CT_WORD_OPENED);
    tell(CT_WORD_HAS, 0, m_torrent->piece_count);
  });
  return swallowed;
}

bool peer_hooks::may_veil() const {
  return m_hides && !m_met && m_number != 0 && !m_torrent->whole
    && m_torrent->believed.count(m_peer.remote().address()) == 0;
}

void peer_hooks::veil() {
  m_veiled = m_met = true;
  ++m_torrent->veiled;
  tell(CT_WORD_SWALLOWED);
}

bool peer_hooks::unveil() {
  bool const was_veiled = std::exchange(m_veiled, false);
  if (was_veiled) --m_torrent->veiled;
  return was_veiled;
}

bool peer_hooks::on_bitfield(lt::bitfield const& pieces) {
  tell_runs(pieces);
  return false;
}

bool peer_hooks::on_have(lt::piece_index_t piece) {
  if (m_veiled) tell(CT_WORD_SHOWN, static_cast<int>(piece), 1);
  tell(CT_WORD_HAS, static_cast<int>(piece), 1);
  return false;
}

/// BEP 6. A seed that hides shows it; libtorrent itself does nothing with it that we would miss.
bool peer_hooks::on_suggest(lt::piece_index_t piece) {
  tell(CT_WORD_WANTS, static_cast<int>(piece), 1);
  return true;
}

void peer_hooks::tell_runs(lt::bitfield const& pieces) {
  // The queue makes one word of those in a row.
  for (int piece = 0; piece < pieces.size(); ++piece)
    if (pieces.get_bit(piece)) tell(CT_WORD_HAS, piece, 1);
}

void peer_hooks::tell_again() {
  tell(CT_WORD_JOINED, 0, 0, m_joined_flags);
  lt::peer_info info;
  m_peer.get_peer_info(info);
  if (m_veiled) {
    tell(CT_WORD_SWALLOWED);
    for (int piece = 0; piece < info.pieces.size(); ++piece)
      if (info.pieces.get_bit(lt::piece_index_t(piece))) tell(CT_WORD_SHOWN, piece, 1);
  }
  tell_runs(info.pieces);
}

} // namespace shoal
