#include "session.hpp"

#include <algorithm>
#include <utility>

#include <sys/stat.h>

#include <libtorrent/alert_types.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions/smart_ban.hpp>
#include <libtorrent/extensions/ut_metadata.hpp>
#include <libtorrent/extensions/ut_pex.hpp>
#include <libtorrent/session_params.hpp>

#include "failure.hpp"
#include "on_thread.hpp"
#include "peer_hooks.hpp"
#include "settings.hpp"

namespace shoal {

namespace {

/// The TCP port is ours by then, but the UDP port of the same number need not be free.
constexpr int tries_for_a_free_port = 8;

class disk_watch final : public disk_hooks {
public:
  explicit disk_watch(std::shared_ptr<event_queue> events) : m_events(std::move(events)) {}

  void on_rotten(std::uint64_t number, int piece, char const* reason) noexcept override {
    quietly([&] { m_events->push(CT_EVENT_ROTTEN, number, piece, 0, (std::string("the file ") + reason).c_str()); });
  }

  void on_released(std::uint64_t number) noexcept override { m_events->push(CT_EVENT_RELEASED, number); }

private:
  std::shared_ptr<event_queue> m_events;
};

/// The session constructors of libtorrent add plugins of their own choice; a session made of these parameters has none
/// but what each torrent is given (`session::parameters`).
lt::session_params session_parameters(
  ct_options const& options, std::shared_ptr<file_table> files, std::shared_ptr<event_queue> events) {
  lt::session_params parameters(settings_for(options), std::vector<std::shared_ptr<lt::plugin>>{});
  parameters.disk_io_constructor = [files, watch = std::make_shared<disk_watch>(events)](
                                     lt::io_context& context, lt::settings_interface const& settings,
                                     lt::counters& counters) {
    return make_disk(context, settings, counters, files, watch);
  };
  return parameters;
}

} // namespace

session::session(ct_options const& options)
    : m_words(std::make_shared<word_queue>(
        m_events, options.word_queue_size > 0 ? options.word_queue_size : word_queue::most_words)),
      m_fleet(options.role == CT_ROLE_FLEET), m_registered_only(options.registered_only != 0),
      m_hide_from_bytes(options.hides && m_fleet ? options.hide_from_bytes : -1),
      m_expected(options.expected_only && m_fleet ? std::make_shared<expected_peers>() : nullptr) {
  m_session = std::make_shared<lt::session>(session_parameters(options, m_files, m_events));
  if (m_registered_only) filter_addresses();
  count_near_peers_with_all();
  m_far_class = m_session->create_peer_class("far");
  set_rates(options.rates);

  std::string problem = "no address to listen on is configured";
  bool listens = false;
  for (int i = 0; i < options.listen_count && !listens; ++i) listens = listen_on(options.listen[i], problem);
  if (!listens) throw refusal(CT_LISTEN, problem);
  if (!m_fleet && options.dht) enter_dht(*m_session, options.dht_nodes);

  // Only signals: the pump fetches the alerts. The queue outlives the session's threads, which close() joins.
  m_session->set_alert_notify([events = m_events] { events->wake(); });
}

/// Sets the addresses and asks for something behind them in the queue of libtorrent's thread: when the answer is there,
/// it has listened, or has not.
bool session::listen_on(std::string const& interfaces, std::string& problem) {
  lt::settings_pack settings;
  settings.set_str(lt::settings_pack::listen_interfaces, interfaces);
  m_session->apply_settings(std::move(settings));
  for (int attempt = 0; attempt < tries_for_a_free_port; ++attempt) {
    if (attempt > 0) m_session->reopen_network_sockets(lt::reopen_network_flags_t{});
    m_session->is_listening();
    std::vector<lt::alert*> alerts;
    m_session->pop_alerts(&alerts);
    bool port_was_chosen = false;
    for (auto const* alert : alerts) {
      if (auto const* heard = lt::alert_cast<lt::listen_succeeded_alert>(alert)) {
        if (heard->socket_type != lt::socket_type_t::tcp) continue;
        ct_endpoint endpoint = {};
        copy_text(endpoint.address, heard->address.to_string().c_str());
        endpoint.port = static_cast<std::uint16_t>(heard->port);
        m_endpoints.push_back(endpoint);
      } else if (auto const* failed = lt::alert_cast<lt::listen_failed_alert>(alert)) {
        problem = "cannot listen on " + interfaces + ": " + failed->error.message();
        if (failed->error == boost::system::errc::address_in_use)
          problem = "port " + std::to_string(failed->port) + " for BitTorrent is in use (" + interfaces + ")";
        port_was_chosen = failed->socket_type == lt::socket_type_t::utp;
      }
    }
    if (!m_endpoints.empty()) return true;
    if (!port_was_chosen) return false;
  }
  return false;
}

void session::close() noexcept {
  std::shared_ptr<lt::session> ending;
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    ending = std::move(m_session);
    m_torrents.clear();
  }
  m_events->wake();
  quietly([&] {
    if (!ending) return;
    ending->set_alert_notify([] {});
    auto const proxy = ending->abort();
    ending.reset();
    // The end of `proxy` joins libtorrent's thread, unless another call still holds the session: then that one does.
  });
}

std::shared_ptr<lt::session> session::running() {
  std::lock_guard<std::mutex> const lock(m_mutex);
  if (!m_session) throw refusal(CT_UNKNOWN, "the session is closed");
  return m_session;
}

session::entry session::find(std::uint64_t number) {
  std::lock_guard<std::mutex> const lock(m_mutex);
  auto const found = m_torrents.find(number);
  if (found == m_torrents.end()) throw refusal(CT_UNKNOWN, "no such torrent is live");
  return found->second;
}

std::int64_t session::setting(std::string const& name) {
  int const index = lt::setting_by_name(name);
  if (index < 0) throw refusal(CT_INVALID, "no such setting: " + name);
  auto const settings = running()->get_settings();
  if ((index & lt::settings_pack::type_mask) == lt::settings_pack::bool_type_base)
    return settings.get_bool(index) ? 1 : 0;
  if ((index & lt::settings_pack::type_mask) == lt::settings_pack::int_type_base) return settings.get_int(index);
  throw refusal(CT_INVALID, "not a number: " + name);
}

// MARK: torrents

lt::add_torrent_params session::parameters(ct_torrent const& torrent, std::shared_ptr<lt::torrent_info> info,
  std::shared_ptr<live_torrent> const& live) {
  namespace flags = lt::torrent_flags;
  lt::add_torrent_params parameters;
  parameters.ti = std::move(info);
  parameters.save_path = save_path(live->number);
  parameters.peers = endpoints_of(torrent.peers, torrent.peer_count);
  // Set whole: assigning seed_mode alone would drop the default apply_ip_filter, and with one such torrent the session
  // filters nobody.
  parameters.flags = flags::apply_ip_filter | flags::duplicate_is_error | flags::update_subscribe
    | flags::override_trackers | flags::override_web_seeds;
  if (torrent.seed) {
    // Nothing is read at the start, and libtorrent need not hash the bytes later: our disk does (piece_proofs). Without
    // the check the torrent takes peers as soon as it is added; with it, those who come in the first moment are cut.
    parameters.flags |= flags::seed_mode | flags::no_verify_files;
    parameters.verified_pieces.resize(parameters.ti->num_pieces(), true);
  } else {
    // Paused until it is checked (torrent_hooks): a resume connects to known peers at once.
    parameters.flags |= flags::paused;
  }
  if (m_fleet) parameters.flags |= flags::disable_dht | flags::disable_lsd | flags::disable_pex;
  if (!m_fleet)
    for (int i = 0; i < torrent.tracker_count; ++i) parameters.trackers.emplace_back(torrent.trackers[i]);

  parameters.extensions.emplace_back(
    [live, events = m_events, words = m_words](lt::torrent_handle const& handle, lt::client_data_t) {
      std::shared_ptr<lt::torrent_plugin> hooks;
      live->handle = handle;
      quietly([&] { hooks = make_torrent_hooks(live, events, words); });
      return hooks;
    });
  // Finds out which peer sent the bad block of a bad piece, and bans it.
  parameters.extensions.emplace_back(&lt::create_smart_ban_plugin);
  if (!m_fleet) {
    // A magnet link's info dictionary; peers of peers.
    parameters.extensions.emplace_back(&lt::create_ut_metadata_plugin);
    parameters.extensions.emplace_back(&lt::create_ut_pex_plugin);
  }
  return parameters;
}

namespace {

/// What can be seen of a seed's file without reading it.
char const* visible_rot(ct_torrent const& torrent) {
  struct stat status = {};
  if (::fstat(torrent.descriptor, &status) != 0) return "the file cannot be looked at";
  if (status.st_nlink == 0) return "the file was unlinked";
  return status.st_size == torrent.size ? nullptr : "the file has not the size of its torrent";
}

} // namespace

std::uint64_t session::prepare(ct_torrent const& torrent) {
  auto live = std::make_shared<live_torrent>();
  live->read_only = torrent.seed != 0;
  live->version = torrent.info_hash_bytes == 32 ? 2 : 1;
  live->exchanges_hashes = !m_fleet;
  live->expected = m_expected;
  live->hides = m_hide_from_bytes >= 0 && torrent.size >= m_hide_from_bytes;
  auto info = parse_torrent(torrent);
  live->piece_count = info->num_pieces();
  live->info = info;
  live->whole = live->read_only;
  auto proofs = proofs_of(*info, torrent);
  live->number = m_files->add(torrent.descriptor, torrent.size, torrent.seed == 0, std::move(proofs));
  try {
    auto parameters = std::make_shared<lt::add_torrent_params>(this->parameters(torrent, std::move(info), live));
    std::lock_guard<std::mutex> const lock(m_mutex);
    if (!m_session) throw refusal(CT_UNKNOWN, "the session is closed");
    m_torrents[live->number] =
      entry{live, std::move(parameters), {}, {}, torrent.seed ? visible_rot(torrent) : nullptr, false};
  } catch (...) {
    m_files->remove(live->number);
    throw;
  }
  return live->number;
}

void session::start(std::uint64_t number) {
  char const* rot = nullptr;
  std::shared_ptr<live_torrent> live;
  try {
    auto const session = running();
    auto const entry = find(number);
    rot = entry.rot;
    live = entry.torrent;
    lt::error_code error;
    auto const handle = session->add_torrent(std::move(*entry.parameters), error);
    if (error) throw boost::system::system_error(error);
    std::lock_guard<std::mutex> const lock(m_mutex);
    auto const found = m_torrents.find(number);
    if (found == m_torrents.end()) return;
    found->second.handle = handle;
    found->second.parameters.reset();
  } catch (...) {
    forget(number);
    throw;
  }
  if (rot) m_events->push(CT_EVENT_ROTTEN, number, -1, 0, rot);
  // It may have asked for its resume before its handle was known here.
  if (live->may_resume) m_events->push(CT_EVENT_RESUME, number);
}

void session::forget(std::uint64_t number) noexcept {
  std::lock_guard<std::mutex> const lock(m_mutex);
  m_torrents.erase(number);
  m_files->remove(number);
}

void session::settle(std::uint64_t number, int descriptor) {
  auto const entry = find(number);
  entry.torrent->read_only = true;
  m_files->replace_read_only(number, descriptor);
}

/// With one or two peers by deadlines, which only order the pieces among themselves; nothing is given up when one passes.
/// In a swarm they make libtorrent ask several peers for one block, and cost a fifth of the time; there the pieces get the
/// highest priority.
void session::hurry(std::uint64_t number, int first, int count) {
  constexpr std::size_t swarm = 3;
  auto const entry = find(number);
  auto const live = entry.torrent;
  if (live->hides) m_words->push({number, 0, CT_WORD_HURRIED, 0, first, count});
  on_thread(entry.handle, [live, first, count] {
    for (int i = 0; i < count; ++i) {
      auto const piece = lt::piece_index_t(first + i);
      if (live->peers.size() < swarm) live->handle.set_piece_deadline(piece, i);
      else live->handle.piece_priority(piece, lt::top_priority);
    }
  });
}

void session::with_peer(std::uint64_t number, std::uint32_t peer, std::function<void(peer_hooks&)> body) {
  auto const live = find(number).torrent;
  on_thread(live->handle, [live, peer, body = std::move(body)] {
    if (auto const found = live->peers.find(peer); found != live->peers.end()) body(*found->second);
  });
}

void session::remove(std::uint64_t number) {
  auto const entry = find(number);
  try {
    running()->remove_torrent(entry.handle);
  } catch (boost::system::system_error const& error) {
    // It was removed before and is gone; its last event waits to be fetched.
    if (error.code() != lt::errors::make_error_code(lt::errors::invalid_torrent_handle)) throw;
  }
}

} // namespace shoal
