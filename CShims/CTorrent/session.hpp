// A session with its torrents: what `ct_session` points to.
#ifndef SHOAL_SESSION_HPP
#define SHOAL_SESSION_HPP

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/peer_class.hpp>
#include <libtorrent/session.hpp>

#include "disk.hpp"
#include "events.hpp"
#include "expected.hpp"
#include "torrent_hooks.hpp"
#include "words.hpp"

namespace shoal {

/// A libtorrent without metadata-less torrents, paths or files of its own.
///
/// libtorrent's own thread calls the hooks; any thread the methods; one thread `wait`. `m_mutex` guards the members below
/// it and is never held while libtorrent is asked something.
class session {
public:
  /// Listens on the first of the alternatives that it can. Throws `refusal` when there is none.
  explicit session(ct_options const& options);

  void close() noexcept;

  std::vector<ct_endpoint> endpoints() const { return m_endpoints; }
  void admit(std::string const& address, bool admitted);
  void expect(ct_endpoint const& peer);
  void place(std::string const& address, bool is_far);
  void set_rates(ct_rates const& rates);

  std::uint64_t prepare(ct_torrent const& torrent);
  void start(std::uint64_t number);
  void settle(std::uint64_t number, int descriptor);
  /// introduction.cpp
  void introduce(std::uint64_t number, std::vector<lt::tcp::endpoint> const& peers);
  void hurry(std::uint64_t number, int first, int count);
  /// This and the next in relief.cpp.
  void give(std::uint64_t number, int piece, std::vector<char> bytes);
  void shed(std::uint64_t number, std::chrono::milliseconds silent);
  /// Does it to one peer of a torrent, on libtorrent's thread, if it is there.
  void with_peer(std::uint64_t number, std::uint32_t peer, std::function<void(peer_hooks&)> body);
  void remove(std::uint64_t number);

  void refresh();
  std::vector<ct_status> statuses();
  std::vector<ct_peer> peers(std::uint64_t number);
  disk_counters disk() const { return m_files->counters(); }
  std::int64_t setting(std::string const& name);

  int wait(ct_event* events, int capacity, int timeout_ms);
  int words(ct_word* words, int capacity) { return m_words->take(words, capacity); }
  void tell_again();

private:
  struct entry {
    std::shared_ptr<live_torrent> torrent;
    /// Until it is started.
    std::shared_ptr<lt::add_torrent_params> parameters;
    lt::torrent_handle handle;
    ct_status status;
    /// What its file shows before it is started, or NULL.
    char const* rot = nullptr;
    bool ended = false;
  };

  bool listen_on(std::string const& interfaces, std::string& problem);
  void filter_addresses();
  void count_near_peers_with_all();
  void set_class_rates(lt::peer_class_t peers, int upload, int download);
  std::shared_ptr<lt::session> running();
  entry find(std::uint64_t number);
  void forget(std::uint64_t number) noexcept;
  lt::add_torrent_params parameters(ct_torrent const& torrent, std::shared_ptr<lt::torrent_info> info,
    std::shared_ptr<live_torrent> const& live);
  void look_at_alerts();
  void look_at(lt::alert const& alert);
  void announce_again();
  void take_statuses(std::vector<lt::torrent_status> const& statuses);
  void tell_end(live_torrent const& torrent, lt::error_code const& error);
  void read_state_again();
  bool keeps(ct_event const& event);

  std::shared_ptr<event_queue> m_events = std::make_shared<event_queue>();
  std::shared_ptr<word_queue> m_words;
  std::shared_ptr<file_table> m_files = std::make_shared<file_table>();
  bool const m_fleet;
  bool const m_registered_only;
  /// Torrents of fewer bytes have no words; negative: none has.
  std::int64_t const m_hide_from_bytes;
  /// Null: whoever is admitted may connect.
  std::shared_ptr<expected_peers> const m_expected;
  /// Set when it opens.
  lt::peer_class_t m_far_class{};
  std::vector<ct_endpoint> m_endpoints;

  std::mutex m_mutex;
  std::shared_ptr<lt::session> m_session;
  std::map<std::uint64_t, entry> m_torrents;
  std::set<lt::address> m_admitted;
  /// By address: the classes whose rates a peer shares.
  lt::ip_filter m_classes;
};

lt::tcp::endpoint endpoint_of(ct_endpoint const& endpoint);
std::vector<lt::tcp::endpoint> endpoints_of(ct_endpoint const* endpoints, int count);

/// The info dictionary and the piece layer as a .torrent, parsed and compared with the hash.
std::shared_ptr<lt::torrent_info> parse_torrent(ct_torrent const& torrent);

/// What its pieces hash to, in the version that it is known by.
std::shared_ptr<piece_proofs> proofs_of(lt::torrent_info const& info, ct_torrent const& torrent);

} // namespace shoal

#endif
