#include "disk_jobs.hpp"

#include <algorithm>
#include <cerrno>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace shoal {

// answers

void answers::add(shared_job answered) {
  std::lock_guard lock(guard_);
  ready_.push_back(std::move(answered));
  if (!is_posted_) post();
}

void answers::drop() {
  std::deque<shared_job> dropped;
  std::lock_guard lock(guard_);
  dropped.swap(ready_);
}

void answers::post() {
  is_posted_ = true;
  boost::asio::post(network_, [this] { give(); });
}

void answers::give() {
  std::deque<shared_job> now;
  {
    std::lock_guard lock(guard_);
    now.swap(ready_);
    is_posted_ = false;
  }
  // A handler that throws must not take the answers behind it along.
  struct rest {
    answers& owner;
    std::deque<shared_job>& jobs;
    ~rest() {
      if (jobs.empty()) return;
      std::lock_guard lock(owner.guard_);
      owner.ready_.insert(owner.ready_.begin(), jobs.begin(), jobs.end());
      if (!owner.is_posted_) owner.post();
    }
  } const unanswered{*this, now};
  while (!now.empty()) {
    auto const next = std::move(now.front());
    now.pop_front();
    next->answer();
  }
}

// disk_parts

disk_parts::disk_parts(lt::io_context& network, lt::counters& counters, std::shared_ptr<file_table> shared_table,
  std::shared_ptr<disk_hooks> shared_hooks, std::shared_ptr<disk_calls> shared_calls)
  : table(std::move(shared_table)), files(table->files()), hooks(std::move(shared_hooks)),
    calls(std::move(shared_calls)), counters(counters), gate(network), answered(network),
    network_stays_(network.get_executor()), tidying("swarm-tidy", tidy_threads_max),
    flushing("swarm-flush", flush_threads_max), writing("swarm-write", write_threads_max),
    hashing("swarm-hash", hash_threads_max()), reading("swarm-read", read_threads_max) {}

int disk_parts::hash_threads_max() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 16u));
}

void disk_parts::job_answered() {
  if (--jobs_ == 0 && is_aborted) let_network_end();
}

void disk_parts::abort(bool wait) {
  is_aborted = true;
  pool.stop_waiting();
  if (jobs_ == 0) let_network_end();
  // Reads and hashes first: what a write's end sets free must find a lane or be done in place.
  reading.stop(wait);
  hashing.stop(wait);
  writing.stop(wait);
  flushing.stop(wait);
  tidying.stop(wait);
}

void disk_parts::let_network_end() {
  std::call_once(network_let_go_, [this] { network_stays_.reset(); });
}

// stored_torrent

int stored_torrent::piece_length(int piece) const {
  if (piece < 0 || piece_start(piece) >= size) return 0;
  return static_cast<int>(std::min<std::int64_t>(piece_bytes, size - piece_start(piece)));
}

bool stored_torrent::is_range(int piece, int start, int length) const {
  return piece_length(piece) > 0 && start >= 0 && length > 0 && length <= block_bytes && start <= piece_bytes - length;
}

int stored_torrent::real_length(int piece, int start, int length) const {
  if (!is_range(piece, start, length)) return 0;
  return std::clamp(piece_length(piece) - start, 0, length);
}

// order

void accept(shared_job const& accepted) {
  auto& torrent = *accepted->torrent;
  torrent.parts.job_accepted();
  accepted->place = torrent.under_way.insert(torrent.under_way.end(), accepted);
}

void follow(shared_job const& leader, shared_job const& follower) {
  leader->followers.push_back(follower);
  ++follower->holds;
}

void release(shared_job const& held) {
  if (--held->holds > 0) return;
  if (held->begins_late()) return;
  auto& torrent = *held->torrent;
  torrent.under_way.erase(held->place);
  auto const followers = std::move(held->followers);
  // The answers of those it followed are in the queue before its own.
  torrent.parts.answered.add(held);
  for (auto const& follower : followers) {
    follower->heard(held->error);
    release(follower);
  }
  torrent.parts.job_answered();
}

void end(job& ended) {
  auto const torrent = ended.torrent;
  auto const held = ended.shared_from_this();
  std::lock_guard lock(torrent->guard);
  release(held);
}

void refuse(shared_job const& refused, disk_parts& parts, lt::storage_error const& error) {
  refused->error = error;
  parts.answered.add(refused);
}

// errors

lt::storage_error failure(int error_number, lt::operation_t operation) {
  return {lt::error_code(error_number, boost::system::system_category()), lt::file_index_t{0}, operation};
}

lt::storage_error aborted() {
  return {boost::asio::error::operation_aborted, lt::file_index_t{0}, lt::operation_t::unknown};
}

lt::storage_error rotten(stored_torrent& torrent, int piece, int error_number, char const* reason) {
  ++torrent.parts.files.rotten_reads;
  if (torrent.parts.hooks && torrent.file->is_first_rot()) {
    torrent.parts.hooks->on_rotten(torrent.file->number(), piece, reason);
  }
  return failure(error_number, lt::operation_t::file_read);
}

} // namespace shoal
