// Every setting that differs from libtorrent's default, with its reason.
#include "settings.hpp"

#include <libtorrent/alert.hpp>
#include <libtorrent/fingerprint.hpp>
#include <libtorrent/session.hpp>

#include "peer_hooks.hpp"

namespace shoal {

namespace {

using pack = lt::settings_pack;

constexpr int mebibyte = 1024 * 1024;

/// Alerts between two looks of the pump. Pieces do not come as alerts (torrent_hooks), so few do.
constexpr int alert_queue_size = 10'000;

void set_threads_and_alerts(pack& settings, ct_options const& options) {
  settings.set_int(pack::alert_mask,
    static_cast<int>(lt::alert_category::status | lt::alert_category::error | lt::alert_category::dht));
  settings.set_int(pack::alert_queue_size, options.alert_queue_size > 0 ? options.alert_queue_size : alert_queue_size);
  // Threads of our own disk: reads and writes; hashing.
  settings.set_int(pack::aio_threads, 4);
  settings.set_int(pack::hashing_threads, 2);
  // Half of the default: a torrent's timeouts and rates are looked at on this tick.
  settings.set_int(pack::tick_interval, 250);
}

void set_listening(pack& settings) {
  // ct_session_open names the addresses one by one, and wants to be told when one is in use: no other port instead.
  settings.set_str(pack::listen_interfaces, "");
  settings.set_int(pack::max_retry_port_bind, 0);
  settings.set_bool(pack::listen_system_port_fallback, false);
  // The default of 5 loses the first connections of a herd.
  settings.set_int(pack::listen_queue_size, 512);
  // The operator's router is none of our business.
  settings.set_bool(pack::enable_upnp, false);
  settings.set_bool(pack::enable_natpmp, false);
}

void set_speed(pack& settings) {
  // Upload: what may wait in a peer's socket buffer. The defaults stop a fast peer after half a megabyte (16 MB took
  // 130 ms, with these 33).
  settings.set_int(pack::send_buffer_watermark, 10 * mebibyte);
  settings.set_int(pack::send_buffer_watermark_factor, 150);
  settings.set_int(pack::send_buffer_low_watermark, mebibyte);
  settings.set_int(pack::max_queued_disk_bytes, 64 * mebibyte);
  // Requests under way to one peer: half a gigabyte a second at a round trip of a few milliseconds, in blocks of
  // 16 KiB. `request_queue_time` grows it with the measured rate and not further.
  settings.set_int(pack::max_out_request_queue, 1500);
  settings.set_int(pack::max_allowed_in_request_queue, 5000);
  settings.set_int(pack::request_queue_time, 1);
  // Pieces in order of need from the first one on, not four random ones.
  settings.set_int(pack::initial_picker_threshold, 0);
  settings.set_int(pack::allowed_fast_set_size, 0);
  settings.set_bool(pack::piece_extent_affinity, false);
  settings.set_bool(pack::strict_end_game_mode, true);
  // A peer that has finished serves the next one over the connection that is there.
  settings.set_bool(pack::close_redundant_connections, false);
  // A new connection at once, not spread over the second.
  settings.set_bool(pack::smooth_connects, false);
  settings.set_int(pack::connection_speed, 200);
  settings.set_int(pack::torrent_connect_boost, 100);
  settings.set_int(pack::unchoke_slots_limit, 64);
  settings.set_bool(pack::allow_multiple_connections_per_ip, true);
}

/// libtorrent reads all that a socket holds into one buffer of its own, whatever its size, and keeps that. The kernel lets
/// a socket hold 6 MB: 50 fetches had 850 MB resident, with these 137 MB, and one of 1 GiB ran at 750 MB/s, not 580.
void set_socket_buffers(pack& settings, bool fleet) {
  // The fleet's sockets end in a tunnel on this machine; in public a window of 1 MiB is 80 Mbit/s at 100 ms.
  settings.set_int(pack::recv_socket_buffer_size, fleet ? mebibyte / 4 : mebibyte);
  // What waits there on its way into a tunnel waits before a word that is in a hurry.
  if (fleet) settings.set_int(pack::send_socket_buffer_size, mebibyte / 4);
}

void set_patience(pack& settings, bool fleet) {
  // A peer that accepts and never sends: others take over in two or three seconds (defaults: 20 and 60).
  settings.set_int(pack::piece_timeout, 2);
  settings.set_int(pack::request_timeout, fleet ? 3 : 10);
  settings.set_int(pack::peer_connect_timeout, fleet ? 3 : 7);
  settings.set_int(pack::handshake_timeout, fleet ? 3 : 10);
  settings.set_int(pack::peer_timeout, fleet ? 30 : 120);
  settings.set_int(pack::min_reconnect_time, fleet ? 2 : 5);
  settings.set_int(pack::max_failcount, 10);
  // A peer on parole takes no piece that another has begun. When one that lies leaves a block in every piece and falls
  // silent, the honest peer, on parole for the pieces that failed, would never be asked again. Who lied is found without
  // it: smart_ban compares the blocks of a failed piece with those of the piece that passed.
  settings.set_bool(pack::use_parole_mode, false);
  // Closing waits for trackers this long.
  settings.set_int(pack::stop_tracker_timeout, 2);
}

void set_discovery(pack& settings, ct_options const& options) {
  bool const open = options.role == CT_ROLE_PUBLIC;
  // In public some clients (transmission) come by uTP and nothing else. We dial by TCP: with both on, libtorrent dials by
  // uTP first, whose lost packets wait for a timer of half a second and more (ten fetches of 1 MB at once: p99 734 ms).
  settings.set_bool(pack::enable_incoming_utp, open);
  settings.set_bool(pack::enable_outgoing_utp, false);
  // Only when it listens (`enter_dht`).
  settings.set_bool(pack::enable_dht, false);
  settings.set_bool(pack::enable_lsd, open && options.local_discovery != 0);
  settings.set_str(pack::dht_bootstrap_nodes, "");
  // Several nodes in one subnet are usual here, and the default takes one of them.
  settings.set_bool(pack::dht_restrict_routing_ips, false);
  settings.set_bool(pack::dht_restrict_search_ips, false);
  // A torrent's trackers are few and chosen: tell each of them.
  settings.set_bool(pack::announce_to_all_trackers, true);
  settings.set_bool(pack::announce_to_all_tiers, true);
}

} // namespace

void set_rates(lt::settings_pack& settings, ct_rates const& rates) {
  settings.set_int(pack::upload_rate_limit, rates.upload);
  settings.set_int(pack::download_rate_limit, rates.download);
}

void enter_dht(lt::session& session, char const* entrances) {
  // An answer from libtorrent's thread: what was asked before, the sockets, is done.
  session.is_listening();
  lt::settings_pack settings;
  settings.set_str(pack::dht_bootstrap_nodes, entrances ? entrances : "");
  settings.set_bool(pack::enable_dht, true);
  session.apply_settings(std::move(settings));
}

lt::settings_pack settings_for(ct_options const& options) {
  pack settings;
  set_threads_and_alerts(settings, options);
  set_listening(settings);
  set_speed(settings);
  set_socket_buffers(settings, options.role == CT_ROLE_FLEET);
  set_patience(settings, options.role == CT_ROLE_FLEET);
  set_discovery(settings, options);
  set_rates(settings, options.rates);
  settings.set_int(pack::connections_limit, options.connections_limit > 0 ? options.connections_limit : 200);
  if (options.agent && *options.agent) settings.set_str(pack::user_agent, options.agent);
  // Release 0.2, and by which rules this session hides what it has: 0 is not at all.
  int const hiding = options.role == CT_ROLE_FLEET && options.hides ? hiding_version : 0;
  settings.set_str(pack::peer_fingerprint, lt::generate_fingerprint("SH", 0, 2, hiding / 10, hiding % 10));
  // Nothing is auto-managed: who goes live and who rests is not libtorrent's to decide. The limits are lifted so that
  // they cannot stop DHT and tracker announces of the torrents that are live.
  for (int const limit : {pack::active_downloads, pack::active_seeds, pack::active_checking, pack::active_limit,
                          pack::active_dht_limit, pack::active_tracker_limit})
    settings.set_int(limit, -1);
  return settings;
}

} // namespace shoal
