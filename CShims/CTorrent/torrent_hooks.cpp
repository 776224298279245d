#include "torrent_hooks.hpp"

#include <libtorrent/aux_/socket_type.hpp>
#include <libtorrent/peer_connection.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/torrent_peer.hpp>

#include "failure.hpp"

namespace shoal {

namespace {

/// libtorrent never sets TCP_NODELAY, which costs 40 ms a turn.
void send_at_once(lt::peer_connection_handle const& peer) {
  auto const connection = peer.native_handle();
  if (!connection) return;
  lt::error_code ignored; // a uTP socket has no such option
  connection->get_socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

class peer_hooks final : public lt::peer_plugin {
public:
  peer_hooks(lt::peer_connection_handle const& peer, std::shared_ptr<live_torrent> torrent)
      : m_peer(peer), m_torrent(std::move(torrent)) {}

  /// Outgoing: the socket is open from here on.
  void on_connected() override {
    quietly([&] { send_at_once(m_peer); });
  }

  /// After the handshake, and before anything that follows from it.
  bool on_handshake(lt::span<char const>) override {
    if (!m_torrent->exchanges_hashes || !m_torrent->read_only) quietly([&] { speak_of_hashes(false); });
    return true;
  }

  /// A piece failed that this peer sent a part of; libtorrent takes two points of trust after this call, and bans at -7.
  /// One bad block in each of four pieces would do that to the honest peer that sent the rest. So nobody falls that deep
  /// by shared pieces. Who sent all of a failed piece is banned whatever its points, and who sent a block that differs
  /// from the one that passed later is too (smart_ban).
  void on_piece_failed(lt::piece_index_t) override {
    quietly([&] {
      if (auto* const known = record(); known && known->trust_points < 0) known->trust_points = 0;
    });
  }

  /// What is set on the peer outlives the connection, and the next handshake needs it.
  void on_disconnect(lt::error_code const&) override {
    quietly([&] { speak_of_hashes(true); });
  }

private:
  /// In libtorrent 2.0.8 (to 2.0.13) a peer that sends a bad block and then rejects the request for the block's hashes
  /// writes where nothing is. We always have the piece layer, so nothing need be asked: a peer that is not taken to speak
  /// version 2 is asked for no hashes, and cut when it sends any hash message. Seeds of the public session alone answer
  /// such messages; they never ask.
  void speak_of_hashes(bool speak) {
    auto* const known = record();
    if (known && m_torrent->version == 2) known->protocol_v2 = speak;
  }

  lt::torrent_peer* record() const {
    auto const connection = m_peer.native_handle();
    return connection ? connection->peer_info_struct() : nullptr;
  }

  lt::peer_connection_handle m_peer;
  std::shared_ptr<live_torrent> m_torrent;
};

class torrent_hooks final : public lt::torrent_plugin {
public:
  torrent_hooks(std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events)
      : m_torrent(std::move(torrent)), m_events(std::move(events)) {}

  std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const& peer) override {
    std::shared_ptr<lt::peer_plugin> hooks;
    quietly([&] {
      if (!peer.is_outgoing()) send_at_once(peer);
      hooks = std::make_shared<peer_hooks>(peer, m_torrent);
    });
    return hooks;
  }

  void on_piece_pass(lt::piece_index_t piece) override {
    if (!m_torrent->read_only) m_events->push(CT_EVENT_PIECE, m_torrent->number, static_cast<int>(piece));
  }

  void on_state(lt::torrent_status::state_t state) override {
    bool const whole = state == lt::torrent_status::seeding || state == lt::torrent_status::finished;
    if (m_torrent->read_only) {
      if (m_torrent->checked && !whole)
        m_events->push(CT_EVENT_ROTTEN, m_torrent->number, -1, 0, "a piece does not have its hash");
    } else if (state == lt::torrent_status::checking_files) {
      // The file holds something: a torrent that is paused would not look at it.
      resume();
    }
  }

  void on_files_checked() override {
    if (m_torrent->checked.exchange(true) || m_torrent->read_only) return;
    // Known peers are connected to at once by a resume after the check. One that was resumed for its check meets them on
    // libtorrent's tick: to pause it here would cut who has come meanwhile, and they would stay away for long.
    resume();
  }

private:
  void resume() {
    m_torrent->may_resume = true;
    m_events->push(CT_EVENT_RESUME, m_torrent->number);
  }

  std::shared_ptr<live_torrent> m_torrent;
  std::shared_ptr<event_queue> m_events;
};

} // namespace

std::shared_ptr<lt::torrent_plugin> make_torrent_hooks(
  std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events) {
  return std::make_shared<torrent_hooks>(std::move(torrent), std::move(events));
}

} // namespace shoal
