// A magnet link's info dictionary, in a session of its own.
#include <chrono>
#include <cstring>

#include <libtorrent/alert_types.hpp>
#include <libtorrent/disabled_disk_io.hpp>
#include <libtorrent/extensions/ut_metadata.hpp>
#include <libtorrent/extensions/ut_pex.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/torrent_info.hpp>

#include "failure.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace shoal {

namespace {

lt::session_params session_parameters(ct_magnet const& magnet) {
  ct_options options = {};
  options.role = CT_ROLE_PUBLIC;
  options.dht = magnet.dht;
  options.dht_nodes = magnet.dht_nodes;
  options.agent = magnet.agent;
  auto settings = settings_for(options);
  settings.set_str(lt::settings_pack::listen_interfaces, magnet.listen);
  settings.set_int(lt::settings_pack::max_metadata_size, magnet.limit_bytes);
  // A session of seconds, and often of one peer, who may be a moment from having the torrent ready: soon again, and on.
  settings.set_int(lt::settings_pack::min_reconnect_time, 1);
  settings.set_int(lt::settings_pack::max_failcount, 1000);
  lt::session_params parameters(settings, std::vector<std::shared_ptr<lt::plugin>>{});
  // Only the info dictionary is fetched: nothing is to touch a disk.
  parameters.disk_io_constructor = lt::disabled_disk_io_constructor;
  return parameters;
}

lt::add_torrent_params torrent_parameters(ct_magnet const& magnet) {
  namespace flags = lt::torrent_flags;
  lt::add_torrent_params parameters;
  if (magnet.v1_hash)
    parameters.info_hashes.v1 = lt::sha1_hash(reinterpret_cast<char const*>(magnet.v1_hash));
  if (magnet.v2_hash)
    parameters.info_hashes.v2 = lt::sha256_hash(reinterpret_cast<char const*>(magnet.v2_hash));
  if (!magnet.v1_hash && !magnet.v2_hash) throw refusal(CT_INVALID, "a magnet link needs an info hash");
  parameters.save_path = "/nowhere";
  // Connected, and asking for no piece.
  parameters.flags = flags::apply_ip_filter | flags::duplicate_is_error | flags::upload_mode | flags::default_dont_download;
  for (int i = 0; i < magnet.tracker_count; ++i) parameters.trackers.emplace_back(magnet.trackers[i]);
  parameters.extensions.emplace_back(&lt::create_ut_metadata_plugin);
  parameters.extensions.emplace_back(&lt::create_ut_pex_plugin);
  return parameters;
}

using clock = std::chrono::steady_clock;

/// Between two looks at the piece layer, of whose arrival no alert tells.
constexpr auto layer_interval = std::chrono::milliseconds(50);
/// Between two questions to the DHT: whoever has it may have come just now.
constexpr auto question_interval = std::chrono::seconds(5);

/// Throws when it cannot come any more; keeps the last thing that a tracker complained of.
void look_at(lt::alert const& alert, std::string& complaint) {
  if (auto const* failed = lt::alert_cast<lt::tracker_error_alert>(&alert))
    complaint = " (a tracker said: " + failed->error.message() + ")";
  if (auto const* failed = lt::alert_cast<lt::listen_failed_alert>(&alert))
    throw refusal(CT_LISTEN, "cannot listen: " + failed->error.message());
  if (auto const* failed = lt::alert_cast<lt::metadata_failed_alert>(&alert))
    complaint = " (a peer sent another: " + failed->error.message() + ")";
}

/// The torrent's bytes when all of it is known, else none: the info dictionary, and of version 2 the piece layer, without
/// which nobody here fetches or seeds it.
std::string known_torrent(lt::torrent_handle const& handle, bool& has_info) {
  auto const info = handle.torrent_file();
  if (!info || !info->is_valid()) return {};
  has_info = true;
  auto const section = info->info_section();
  std::string file = "d4:info" + std::string(section.data(), static_cast<std::size_t>(section.size()));
  if (!info->v2() || info->num_pieces() <= 1) return file + "e";

  auto const whole = handle.torrent_file_with_hashes();
  if (!whole) return {};
  auto const first = lt::file_index_t(0);
  auto const layer = whole->piece_layer(first);
  if (layer.size() != info->files().file_num_pieces(first) * 32) return {};
  file += "12:piece layersd32:" + info->files().root(first).to_string() + std::to_string(layer.size()) + ":";
  return file + std::string(layer.data(), static_cast<std::size_t>(layer.size())) + "ee";
}

std::string wait_for_torrent(lt::session& session, lt::torrent_handle const& handle, int timeout_ms) {
  auto const end = clock::now() + std::chrono::milliseconds(timeout_ms);
  std::string complaint;
  bool has_info = false;
  auto next_question = clock::now() + question_interval;
  while (clock::now() < end) {
    session.wait_for_alert(layer_interval);
    std::vector<lt::alert*> alerts;
    session.pop_alerts(&alerts);
    bool is_in_dht = false;
    for (auto const* alert : alerts) {
      look_at(*alert, complaint);
      is_in_dht = is_in_dht || lt::alert_cast<lt::dht_bootstrap_alert>(alert);
    }
    // By itself libtorrent asks once, of a DHT that is still empty, and then in a quarter of an hour.
    if (is_in_dht || clock::now() >= next_question) {
      handle.force_dht_announce();
      next_question = clock::now() + question_interval;
    }
    auto const file = known_torrent(handle, has_info);
    if (!file.empty()) return file;
  }
  throw refusal(CT_TIMEOUT,
    (has_info ? "no peer had the torrent's piece layer in time" : "no peer had the torrent's info dictionary in time")
      + complaint);
}

} // namespace

std::string resolve(ct_magnet const& magnet) {
  lt::session session(session_parameters(magnet));
  if (magnet.dht) enter_dht(session, magnet.dht_nodes);
  lt::error_code error;
  auto const handle = session.add_torrent(torrent_parameters(magnet), error);
  if (error) throw refusal(CT_INVALID, error.message());
  for (auto const& peer : endpoints_of(magnet.peers, magnet.peer_count)) handle.connect_peer(peer);
  return wait_for_torrent(session, handle, magnet.timeout_ms);
}

} // namespace shoal

extern "C" ct_result ct_resolve_magnet(
  const ct_magnet* magnet, uint8_t* torrent, int32_t capacity, int32_t* bytes, ct_failure* failure) {
  return shoal::guarded(failure, [&] {
    auto const file = shoal::resolve(*magnet);
    if (file.size() > static_cast<std::size_t>(capacity))
      throw shoal::refusal(CT_INVALID, "the torrent is larger than what was made ready for it");
    std::memcpy(torrent, file.data(), file.size());
    *bytes = static_cast<int32_t>(file.size());
  });
}
