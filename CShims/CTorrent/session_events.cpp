// What a session tells: events in order, and numbers when asked for.
#include <algorithm>
#include <chrono>
#include <utility>

#include <libtorrent/alert_types.hpp>
#include <libtorrent/peer_info.hpp>

#include "failure.hpp"
#include "on_thread.hpp"
#include "peer_hooks.hpp"
#include "relief.hpp"
#include "session.hpp"

namespace shoal {

void session::refresh() { running()->post_torrent_updates(); }

std::vector<ct_status> session::statuses() {
  std::lock_guard<std::mutex> const lock(m_mutex);
  std::vector<ct_status> result;
  result.reserve(m_torrents.size());
  for (auto const& [number, entry] : m_torrents) {
    result.push_back(entry.status);
    result.back().number = number;
    result.back().downloaded_bytes = entry.torrent->received_bytes;
    result.back().veiled = entry.torrent->veiled;
    result.back().revealed = entry.torrent->revealed;
  }
  return result;
}

std::vector<ct_peer> session::peers(std::uint64_t number) {
  auto const entry = find(number);
  std::vector<lt::peer_info> known;
  entry.handle.get_peer_info(known);
  std::vector<ct_peer> result;
  result.reserve(known.size());
  for (auto const& peer : known) {
    if (peer.flags & (lt::peer_info::connecting | lt::peer_info::handshake)) continue;
    ct_peer plain{};
    plain.at = plain_endpoint(peer.ip);
    plain.pieces = peer.num_pieces;
    plain.download_rate = peer.payload_down_speed;
    plain.upload_rate = peer.payload_up_speed;
    plain.downloaded_bytes = peer.total_download;
    plain.uploaded_bytes = peer.total_upload;
    plain.seed = peer.flags & lt::peer_info::seed ? 1 : 0;
    result.push_back(plain);
  }
  return result;
}

int session::wait(ct_event* events, int capacity, int timeout_ms) {
  using clock = std::chrono::steady_clock;
  auto const end = clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    look_at_alerts();
    int count = m_events->take(events, capacity);
    count = static_cast<int>(
      std::remove_if(events, events + count, [&](ct_event const& event) { return !keeps(event); }) - events);
    if (count > 0 || !m_words->is_empty()) return count;
    {
      std::lock_guard<std::mutex> const lock(m_mutex);
      if (!m_session) return -1;
    }
    if (timeout_ms < 0) {
      m_events->wait(-1);
      continue;
    }
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
    if (left <= 0) return 0;
    m_events->wait(static_cast<int>(left));
  }
}

void session::tell_again() {
  std::vector<std::shared_ptr<live_torrent>> torrents;
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    for (auto const& [number, entry] : m_torrents)
      if (entry.torrent->hides && entry.handle.is_valid()) torrents.push_back(entry.torrent);
  }
  for (auto const& torrent : torrents)
    quietly([&torrent] {
      on_thread(torrent->handle, [torrent] {
        for (auto const& [number, peer] : torrent->peers) peer->tell_again();
      });
    });
}

/// False for what is the shim's own business.
bool session::keeps(ct_event const& event) {
  std::lock_guard<std::mutex> const lock(m_mutex);
  auto const found = m_torrents.find(event.number);
  if (event.kind == CT_EVENT_STATUS) return true;
  if (found == m_torrents.end()) return false;
  auto& entry = found->second;
  switch (event.kind) {
  case CT_EVENT_ROTTEN:
  case CT_EVENT_FAILED:
    // Every read that fails tells of it; the first is enough.
    return !std::exchange(entry.ended, true);
  case CT_EVENT_RELEASED:
    m_files->remove(event.number);
    m_torrents.erase(found);
    return true;
  case CT_EVENT_RESUME:
    // Read-only torrents were never paused; and resuming one that is not is nothing.
    if (entry.handle.is_valid() && !entry.torrent->read_only)
      quietly([&] {
        entry.handle.resume();
        give_held(entry.torrent);
      });
    return false;
  default:
    return true;
  }
}

void session::look_at_alerts() {
  std::shared_ptr<lt::session> session;
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    session = m_session;
  }
  if (!session) return;
  // Until none is left: the notification comes only when the first one is posted to an empty queue.
  std::vector<lt::alert*> alerts;
  do {
    session->pop_alerts(&alerts);
    for (auto const* alert : alerts) look_at(*alert);
  } while (!alerts.empty());
}

void session::look_at(lt::alert const& alert) {
  if (auto const* update = lt::alert_cast<lt::state_update_alert>(&alert)) return take_statuses(update->status);
  if (lt::alert_cast<lt::alerts_dropped_alert>(&alert)) return read_state_again();
  if (lt::alert_cast<lt::dht_bootstrap_alert>(&alert)) return announce_again();

  lt::error_code error;
  if (auto const* file = lt::alert_cast<lt::file_error_alert>(&alert)) error = file->error;
  else if (auto const* torrent = lt::alert_cast<lt::torrent_error_alert>(&alert)) error = torrent->error;
  else return;

  auto const handle = static_cast<lt::torrent_alert const&>(alert).handle;
  std::lock_guard<std::mutex> const lock(m_mutex);
  for (auto const& [number, entry] : m_torrents)
    if (entry.handle == handle) tell_end(*entry.torrent, error);
}

/// Torrents that went live while the DHT was still empty told nobody, and would try again in a quarter of an hour.
void session::announce_again() {
  std::lock_guard<std::mutex> const lock(m_mutex);
  for (auto const& [number, entry] : m_torrents)
    if (entry.handle.is_valid()) quietly([&handle = entry.handle] { handle.force_dht_announce(); });
}

void session::tell_end(live_torrent const& torrent, lt::error_code const& error) {
  bool const system =
    error.category() == boost::system::system_category() || error.category() == boost::system::generic_category();
  m_events->push(torrent.read_only ? CT_EVENT_ROTTEN : CT_EVENT_FAILED, torrent.number, -1,
    system ? error.value() : 0, error ? error.message().c_str() : "libtorrent stopped writing");
}

void session::take_statuses(std::vector<lt::torrent_status> const& statuses) {
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    std::map<lt::torrent_handle, std::uint64_t> numbers;
    for (auto const& [number, entry] : m_torrents) numbers[entry.handle] = number;
    for (auto const& status : statuses) {
      auto const number = numbers.find(status.handle);
      if (number == numbers.end()) continue;
      auto& kept = m_torrents[number->second].status;
      kept.peers = status.num_peers;
      kept.seeds = status.num_seeds;
      kept.download_rate = status.download_payload_rate;
      kept.upload_rate = status.upload_payload_rate;
      kept.uploaded_bytes = status.all_time_upload;
      kept.wasted_bytes = status.total_failed_bytes + status.total_redundant_bytes;
      kept.seeding = status.is_seeding;
    }
  }
  m_events->push(CT_EVENT_STATUS, 0);
}

/// Some alert was lost: an error of a torrent, or the answer to `refresh`. Pieces and states are not told by alerts.
/// Asks libtorrent's thread and waits for it, which the pump may.
void session::read_state_again() {
  std::vector<entry> entries;
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    for (auto const& [number, entry] : m_torrents) entries.push_back(entry);
  }
  for (auto const& entry : entries) {
    if (!entry.handle.is_valid()) continue;
    quietly([&] {
      auto const status = entry.handle.status({});
      bool const stuck = bool(status.flags & lt::torrent_flags::upload_mode);
      if (status.errc || stuck) tell_end(*entry.torrent, status.errc);
    });
  }
  m_events->push(CT_EVENT_STATUS, 0);
}

} // namespace shoal
