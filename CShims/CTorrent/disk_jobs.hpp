// A call of libtorrent's is a job from its acceptance to its answer. Who waits for whom is decided per torrent, here;
// what a job does is in disk_read, disk_write, disk_hash and disk_check.
#ifndef SHOAL_DISK_JOBS_HPP
#define SHOAL_DISK_JOBS_HPP

#include "disk_blocks.hpp"
#include "disk_calls.hpp"
#include "disk_files.hpp"
#include "disk_lane.hpp"

#include <deque>
#include <list>
#include <map>

#include <libtorrent/peer_request.hpp>
#include <libtorrent/settings_pack.hpp>

#include <boost/asio/executor_work_guard.hpp>

namespace shoal {

class job;
using shared_job = std::shared_ptr<job>;

/// Brings answers to libtorrent's thread, many in one turn. Any method from any thread.
class answers {
public:
  explicit answers(lt::io_context& network) : network_(network) {}

  void add(shared_job answered);
  /// Answers nobody will take.
  void drop();

private:
  void post();
  void give();

  lt::io_context& network_;
  std::mutex guard_;
  std::deque<shared_job> ready_;
  bool is_posted_ = false;
};

/// What the jobs of one disk share.
struct disk_parts {
  disk_parts(lt::io_context& network, lt::counters& counters, std::shared_ptr<file_table> table,
    std::shared_ptr<disk_hooks> hooks, std::shared_ptr<disk_calls> calls);

  // One queue a kind of wait. A write may wait seconds for a journal; each torrent has at most one writer.
  static constexpr int read_threads_max = 4;
  static constexpr int write_threads_max = 8;
  static int hash_threads_max(); // one a core
  static constexpr int flush_threads_max = 1;
  static constexpr int tidy_threads_max = 1;

  std::shared_ptr<file_table> table;
  open_files& files;
  std::shared_ptr<disk_hooks> hooks;
  std::shared_ptr<disk_calls> calls;
  lt::counters& counters;
  block_pool pool;
  write_gate gate;
  answers answered;
  std::atomic<bool> is_aborted{false};

  /// Jobs without their answer. While the disk is not aborted, or has such, libtorrent's thread must not end.
  void job_accepted() { ++jobs_; }
  void job_answered();
  /// Reads and hashes end at once from now on; writes are still done.
  void abort(bool wait);
  std::int64_t jobs() const { return jobs_; }

private:
  void let_network_end();

  std::atomic<std::int64_t> jobs_{0};
  std::once_flag network_let_go_;
  boost::asio::executor_work_guard<lt::io_context::executor_type> network_stays_;

public:
  // Last, so that their threads end first.
  lane tidying;  // closes files
  lane flushing; // starts writeback
  lane writing;
  lane hashing;
  lane reading;
};

class write_job;

/// One torrent: one file, by pieces.
struct stored_torrent {
  stored_torrent(disk_parts& parts, std::shared_ptr<open_file> file, std::int64_t size, int piece_bytes)
    : parts(parts), file(std::move(file)), size(size), piece_bytes(piece_bytes) {}

  disk_parts& parts;
  std::shared_ptr<open_file> const file;
  std::int64_t const size;
  int const piece_bytes;

  std::int64_t piece_start(int piece) const { return std::int64_t(piece) * piece_bytes; }
  /// 0 for a piece that is none.
  int piece_length(int piece) const;
  /// Whether a peer may ask for it. libtorrent pads a v2 file to a full piece with zeros, and lets peers read those.
  bool is_range(int piece, int start, int length) const;
  /// How much of a range is the file's, and no pad; 0 for what is no range.
  int real_length(int piece, int start, int length) const;

  // Below: under the lock.
  std::mutex guard;
  std::list<shared_job> under_way;
  /// Accepted and not yet in the file, by offset; of two at one offset the later is the later in the map.
  std::multimap<std::int64_t, std::shared_ptr<write_job>> unwritten;
  bool has_writer = false;
  /// Where the writer goes on: like a lift, so that no block waits for ever while others come.
  std::int64_t writer_offset = 0;
  std::int64_t bytes_since_writeback = 0;
  bool has_writeback = false;
};

using shared_torrent = std::shared_ptr<stored_torrent>;

/// Base of all jobs. `holds` and `followers` belong to the torrent's lock.
class job : public lane_work, public std::enable_shared_from_this<job> {
public:
  /// `piece`: -1 when it concerns all.
  job(shared_torrent of, int of_piece) : torrent(std::move(of)), piece(of_piece) {}

  /// On libtorrent's thread, once: calls the handler and lets go of it there, since that destroys what is libtorrent's.
  virtual void answer() = 0;

  /// When all that it waited for has ended: true if it only now begins, on a lane.
  virtual bool begins_late() { return false; }
  /// One it waited for ended so.
  virtual void heard(lt::storage_error const&) {}
  void run(work_batch const&) noexcept override {}

  shared_torrent const torrent;
  int const piece;
  lt::storage_error error;

  int holds = 1;
  std::vector<shared_job> followers;
  std::list<shared_job>::iterator place;
};

/// Takes it in; it has one hold, its own. Under the torrent's lock.
void accept(shared_job const& accepted);
/// `follower` ends (or begins) after `leader`. Both accepted. Under the lock.
void follow(shared_job const& leader, shared_job const& follower);
/// Gives one hold back; with the last the job's answer is on its way. Under the lock.
void release(shared_job const& held);
/// The same, taking the lock.
void end(job& ended);

/// A job that was never accepted is answered with this.
void refuse(shared_job const& refused, disk_parts& parts, lt::storage_error const& error);

lt::storage_error failure(int error_number, lt::operation_t operation);
lt::storage_error aborted();
/// Fails the job's read-only file and tells the hooks, once a file. `reason` for people.
lt::storage_error rotten(stored_torrent& torrent, int piece, int error_number, char const* reason);

} // namespace shoal

#endif
