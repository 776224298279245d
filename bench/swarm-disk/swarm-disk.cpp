// Two sessions in one process, one seeds and one fetches, over a disk of choice: what a disk costs in latency and
// throughput, and whether a piece that is said to be finished is in the file.
//
// `run` builds it and makes the table.
//
//   swarm-disk FOLDER own|posix latency TOGETHER ROUNDS    1 MiB blobs, TOGETHER at once: milliseconds to complete
//   swarm-disk FOLDER own|posix stream MEBIBYTES TOGETHER  MB/s, CPU, wrong pieces, peak of resident memory
#include "disk.hpp"
#include "settings.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/peer_connection.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/posix_disk_io.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/torrent_info.hpp>

namespace {

using steady = std::chrono::steady_clock;
using bytes = std::vector<char>;

double milliseconds_since(steady::time_point start) {
  return std::chrono::duration<double, std::milli>(steady::now() - start).count();
}

// Nagle's algorithm costs 40 ms a turn. The socket of an outgoing connection is open only when it is connected.
void send_at_once(lt::peer_connection_handle const& peer) {
  lt::error_code ignored;
  peer.native_handle()->get_socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

struct peer_without_delay final : lt::peer_plugin {
  explicit peer_without_delay(lt::peer_connection_handle of) : peer(std::move(of)) {}
  void on_connected() override { send_at_once(peer); }
  lt::peer_connection_handle peer;
};

struct no_delay final : lt::torrent_plugin {
  std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const& peer) override {
    if (!peer.is_outgoing()) send_at_once(peer);
    return std::make_shared<peer_without_delay>(peer);
  }
};

std::shared_ptr<lt::torrent_plugin> make_no_delay(lt::torrent_handle const&, lt::client_data_t) {
  return std::make_shared<no_delay>();
}

struct quiet_hooks final : shoal::disk_hooks {
  void on_rotten(std::uint64_t, int piece, char const* reason) noexcept override {
    std::fprintf(stderr, "rotten: piece %d, the file %s\n", piece, reason);
  }
  void on_released(std::uint64_t) noexcept override {}
};

class node {
public:
  node(std::string folder, bool own) : folder_(std::move(folder)), own_(own), session_(params()) {
    ::mkdir(folder_.c_str(), 0700);
  }

  lt::torrent_handle seed(std::shared_ptr<lt::torrent_info> const& info) {
    auto add = adding(info, O_RDONLY, false);
    add.flags |= lt::torrent_flags::seed_mode;
    add.flags &= ~lt::torrent_flags::paused;
    add.verified_pieces.resize(info->num_pieces(), true);
    return session_.add_torrent(add);
  }

  void fetch(std::shared_ptr<lt::torrent_info> const& info, lt::tcp::endpoint const& from) {
    if (own_) {
      int const made = ::open(path(*info).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (made < 0 || ::ftruncate(made, info->total_size()) != 0) throw std::runtime_error("cannot make the file");
      ::close(made);
    }
    auto add = adding(info, O_RDWR, true);
    add.flags |= lt::torrent_flags::paused;
    add.flags &= ~lt::torrent_flags::auto_managed;
    add.peers.push_back(from);
    session_.async_add_torrent(std::move(add));
  }

  void remove(lt::torrent_handle const& torrent) { session_.remove_torrent(torrent); }

  std::string path(lt::torrent_info const& info) const { return folder_ + "/" + info.name(); }
  lt::session& session() { return session_; }
  lt::tcp::endpoint endpoint() const {
    return {lt::make_address("127.0.0.1"), session_.listen_port()};
  }

private:
  lt::session_params params() {
    ct_options options{};
    options.role = CT_ROLE_FLEET;
    auto pack = shoal::settings_for(options);
    pack.set_str(lt::settings_pack::listen_interfaces, "127.0.0.1:0");
    pack.set_int(lt::settings_pack::alert_mask, lt::alert_category::status | lt::alert_category::error |
      lt::alert_category::piece_progress | lt::alert_category::storage);
    pack.set_int(lt::settings_pack::alert_queue_size, 1 << 20);
    lt::session_params made(pack);
    made.disk_io_constructor = lt::posix_disk_io_constructor;
    if (own_) {
      made.disk_io_constructor = [table = table_, hooks = hooks_](lt::io_context& context,
                                   lt::settings_interface const& settings, lt::counters& counters) {
        return shoal::make_disk(context, settings, counters, table, hooks);
      };
    }
    return made;
  }

  lt::add_torrent_params adding(std::shared_ptr<lt::torrent_info> const& info, int flags, bool writable) {
    lt::add_torrent_params add;
    add.ti = info;
    add.save_path = folder_;
    add.extensions.push_back(make_no_delay);
    if (!own_) return add;
    int const opened = ::open(path(*info).c_str(), flags | O_CLOEXEC);
    if (opened < 0) throw std::runtime_error("cannot open " + path(*info));
    add.save_path = shoal::save_path(table_->add(opened, info->total_size(), writable));
    ::close(opened);
    return add;
  }

  std::string const folder_;
  bool const own_;
  std::shared_ptr<shoal::file_table> table_ = std::make_shared<shoal::file_table>();
  std::shared_ptr<quiet_hooks> hooks_ = std::make_shared<quiet_hooks>();
  lt::session session_;
};

std::shared_ptr<lt::torrent_info> make_blob(
  std::string const& folder, std::string const& name, std::int64_t size, int piece) {
  static std::mt19937_64 lots(std::random_device{}());
  std::ofstream file(folder + "/" + name, std::ios::binary);
  std::vector<std::uint64_t> part(1 << 17);
  for (std::int64_t written = 0; written < size; written += 1 << 20) {
    for (auto& each : part) each = lots();
    file.write(reinterpret_cast<char const*>(part.data()), 1 << 20);
  }
  file.close();
  lt::file_storage files;
  files.add_file(name, size);
  lt::create_torrent made(files, piece, lt::create_torrent::v2_only);
  lt::error_code failed;
  lt::set_piece_hashes(made, folder, failed);
  if (failed) throw std::runtime_error(failed.message());
  bytes encoded;
  lt::bencode(std::back_inserter(encoded), made.generate());
  return std::make_shared<lt::torrent_info>(encoded, lt::from_span);
}

/// Runs the fetching session's alerts until `count` torrents are finished.
template <typename Finished, typename Piece>
void follow(node& fetching, int count, Finished&& finished, Piece&& piece) {
  while (count > 0) {
    if (!fetching.session().wait_for_alert(std::chrono::seconds(60))) throw std::runtime_error("nothing happens");
    std::vector<lt::alert*> alerts;
    fetching.session().pop_alerts(&alerts);
    for (auto* const alert : alerts) {
      if (auto* checked = lt::alert_cast<lt::torrent_checked_alert>(alert)) checked->handle.resume();
      if (auto* one = lt::alert_cast<lt::piece_finished_alert>(alert)) piece(*one);
      if (auto* failed = lt::alert_cast<lt::file_error_alert>(alert)) throw std::runtime_error(failed->message());
      if (auto* done = lt::alert_cast<lt::torrent_finished_alert>(alert)) {
        finished(done->handle);
        --count;
      }
    }
  }
}

void latency(std::string const& folder, bool own, int together, int rounds) {
  node seeding(folder + "/seed", own);
  node fetching(folder + "/fetch", own);
  std::vector<double> took;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::shared_ptr<lt::torrent_info>> blobs;
    std::vector<lt::torrent_handle> seeds;
    for (int blob = 0; blob < together; ++blob) {
      auto const name = std::to_string(round) + "-" + std::to_string(blob);
      blobs.push_back(make_blob(folder + "/seed", name, 1 << 20, 65536));
      seeds.push_back(seeding.seed(blobs.back()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    auto const start = steady::now();
    for (auto const& blob : blobs) fetching.fetch(blob, seeding.endpoint());
    std::vector<lt::torrent_handle> done;
    follow(fetching, together, [&](lt::torrent_handle const& torrent) {
      took.push_back(milliseconds_since(start));
      done.push_back(torrent);
    }, [](auto const&) {});
    for (auto const& each : done) fetching.remove(each);
    for (auto const& each : seeds) seeding.remove(each);
    for (auto const& each : blobs) {
      ::unlink(seeding.path(*each).c_str());
      ::unlink(fetching.path(*each).c_str());
    }
  }
  std::sort(took.begin(), took.end());
  auto const at = [&](double part) { return took[static_cast<std::size_t>(part * double(took.size() - 1))]; };
  std::printf("%s %d at once, %zu fetches: p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms\n", own ? "own" : "posix",
    together, took.size(), at(0.5), at(0.9), at(0.99), took.back());
}

/// The peak of resident memory begins anew: making the torrent mapped the whole file.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

long peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, 6, "VmHWM:") == 0) return std::atol(line.c_str() + 6) / 1000;
  }
  return -1;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval const& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// One fetched file beside its original.
struct comparison {
  std::string arrived_path;
  int original = -1;
  int arrived = -1;
  int pieces = 0;
};

void stream(std::string const& folder, bool own, int mebibytes, int together) {
  constexpr int piece = 1 << 18;
  constexpr int compared_each = 4; // the look itself costs
  node seeding(folder + "/seed", own);
  node fetching(folder + "/fetch", own);
  std::vector<std::shared_ptr<lt::torrent_info>> blobs;
  std::map<lt::sha256_hash, comparison> files;
  for (int blob = 0; blob < together; ++blob) {
    auto const name = "stream-" + std::to_string(blob);
    blobs.push_back(make_blob(folder + "/seed", name, std::int64_t(mebibytes) << 20, piece));
    auto& file = files[blobs.back()->info_hashes().v2];
    file.original = ::open(seeding.path(*blobs.back()).c_str(), O_RDONLY);
    file.arrived_path = fetching.path(*blobs.back());
    seeding.seed(blobs.back());
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  forget_peak();
  auto const cpu = cpu_seconds();
  auto const start = steady::now();
  std::vector<double> firsts;
  double all = 0;
  int wrong = 0;
  int compared = 0;
  for (auto const& blob : blobs) fetching.fetch(blob, seeding.endpoint());
  bytes wanted(piece);
  bytes seen(piece);
  follow(fetching, together, [&](auto const&) { all = milliseconds_since(start); },
    [&](lt::piece_finished_alert const& one) {
      auto& file = files[one.handle.info_hashes().v2];
      if (file.pieces == 0) {
        firsts.push_back(milliseconds_since(start));
        file.arrived = ::open(file.arrived_path.c_str(), O_RDONLY);
      }
      if (++file.pieces % compared_each != 0) return;
      auto const offset = std::int64_t(static_cast<int>(one.piece_index)) * piece;
      auto const length = ::pread(file.original, wanted.data(), wanted.size(), offset);
      wrong += ::pread(file.arrived, seen.data(), seen.size(), offset) != length || seen != wanted;
      ++compared;
    });
  double const megabytes = mebibytes * 1.048576 * together;
  std::printf(
    "%s %d of %d MiB: first pieces by %.1f ms, %.0f MB/s, %.2f CPU-s a GB, %d of %d pieces wrong, peak %ld MB\n",
    own ? "own" : "posix", together, mebibytes, firsts.back(), megabytes * 1000 / all,
    (cpu_seconds() - cpu) / (megabytes / 1000), wrong, compared, peak_megabytes());
  for (auto const& blob : blobs) {
    ::unlink(seeding.path(*blob).c_str());
    ::unlink(fetching.path(*blob).c_str());
  }
}

} // namespace

int main(int count, char** words) {
  std::string const mode = count > 3 ? words[3] : "";
  bool const own = count > 2 && std::strcmp(words[2], "own") == 0;
  try {
    if (mode == "latency" && count == 6) {
      latency(words[1], own, std::atoi(words[4]), std::atoi(words[5]));
    } else if (mode == "stream" && count == 6) {
      stream(words[1], own, std::atoi(words[4]), std::atoi(words[5]));
    } else {
      std::fprintf(
        stderr, "usage: %s FOLDER own|posix latency TOGETHER ROUNDS | stream MEBIBYTES TOGETHER\n", words[0]);
      return 2;
    }
  } catch (std::exception const& failed) {
    std::fprintf(stderr, "%s: %s\n", words[0], failed.what());
    return 1;
  }
  return 0;
}
