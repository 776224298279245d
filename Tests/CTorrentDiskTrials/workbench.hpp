// A session's place without a session: an io_context whose thread is the caller, one disk, files that are known.
#ifndef SHOAL_WORKBENCH_HPP
#define SHOAL_WORKBENCH_HPP

#include "disk_session.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <libtorrent/file_storage.hpp>
#include <libtorrent/settings_pack.hpp>

namespace trials {

/// What a trial throws when something did not hold.
struct broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void expect(bool holds, std::string const& what) {
  if (!holds) throw broken(what);
}

using bytes = std::vector<char>;

/// Remembers what it was told.
struct heard_hooks final : shoal::disk_hooks {
  void on_rotten(std::uint64_t number, int piece, char const* reason) noexcept override;
  void on_released(std::uint64_t number) noexcept override;

  struct rot {
    std::uint64_t number;
    int piece;
    std::string reason;
  };
  std::mutex guard;
  std::condition_variable changed;
  std::vector<rot> rots;
  std::vector<std::uint64_t> released;

  std::size_t rot_count();
  bool wait_released(std::uint64_t number);
};

/// Calls that count, and that stop where a trial says.
struct watched_calls : shoal::disk_calls {
  ssize_t preadv(int descriptor, iovec const* parts, int count, off_t offset) override;
  ssize_t pwritev(int descriptor, iovec const* parts, int count, off_t offset) override;
  int fstat(int descriptor, struct stat& status) override;
  int start_writeback(int descriptor, off_t offset, off_t length) override;

  /// Writes wait from now on, until `open_writes`.
  void shut_writes();
  void open_writes();
  /// Waits until a write stands before the shut door.
  bool wait_for_blocked_write();

  std::atomic<int> reads{0};
  std::atomic<int> writes{0};
  std::atomic<int> writebacks{0};
  std::atomic<int> calls_on_network_thread{0};
  std::thread::id network_thread;
  std::atomic<int> read_errno{0}; // 0: reads succeed
  std::atomic<int> write_errno{0};

private:
  void count_call();

  std::mutex guard_;
  std::condition_variable changed_;
  bool writes_are_shut_ = false;
  int blocked_writes_ = 0;
};

/// A file of a known content, gone with the trial.
class test_file {
public:
  test_file(std::string const& folder, std::int64_t size, bool is_empty);
  ~test_file();
  test_file(test_file const&) = delete;

  bytes read(std::int64_t offset, std::size_t length) const;
  bytes content() const { return content_; }

  int descriptor() const { return descriptor_; }
  int read_only_descriptor() const { return read_only_; }
  std::string const& path() const { return path_; }

private:
  std::string path_;
  int descriptor_;
  int read_only_;
  bytes content_;
};

class workbench {
public:
  explicit workbench(std::shared_ptr<shoal::disk_calls> calls = std::make_shared<watched_calls>(),
    int queued_bytes_max = 64 << 20);
  ~workbench();

  lt::storage_holder add(std::uint64_t number, std::int64_t size, int piece_bytes);

  /// Runs handlers until `done`; false after the deadline.
  bool run_until(std::function<bool()> const& done);
  /// Ends the disk as a session does, and runs the handlers that are left; false if that does not end.
  bool end(bool wait);

  // Synchronous faces of the calls. Their error is the answer's.
  lt::storage_error write(lt::storage_index_t storage, int piece, int start, bytes const& data);
  lt::storage_error read(lt::storage_index_t storage, int piece, int start, int length, bytes& into);
  lt::storage_error hash(
    lt::storage_index_t storage, int piece, std::vector<lt::sha256_hash>& leaves, lt::sha1_hash& sha1);
  lt::status_t check(lt::storage_index_t storage, lt::add_torrent_params const* resume, lt::storage_error& error);

  lt::io_context network;
  lt::settings_pack settings;
  lt::counters counters;
  std::shared_ptr<shoal::file_table> table = std::make_shared<shoal::file_table>();
  std::shared_ptr<heard_hooks> hooks = std::make_shared<heard_hooks>();
  std::unique_ptr<shoal::session_disk> disk;
};

bytes pattern(std::uint64_t seed, std::size_t length);
lt::peer_request block(int piece, int start, int length);

} // namespace trials

#endif
