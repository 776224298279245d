#include "disk_hash.hpp"

#include "disk_write.hpp"

#include <algorithm>

namespace shoal {

namespace {

constexpr int scratch_bytes = 16 * block_bytes;

// A thread of the hash lane keeps one for its life.
char* scratch() {
  static thread_local std::unique_ptr<char[]> const bytes(new char[scratch_bytes]);
  return bytes.get();
}

// The answer waits for the writes of [start, start + length).
void follow_writes(job& follower, std::int64_t start, int length) {
  auto const self = follower.shared_from_this();
  auto& unwritten = follower.torrent->unwritten;
  for (auto next = unwritten.upper_bound(start - block_bytes); next != unwritten.end() && next->first < start + length;
       ++next) {
    follow(next->second, self);
  }
}

} // namespace

// hash_job

void hash_job::pin_blocks() {
  auto const start = torrent->piece_start(piece);
  pinned_ = pin(*torrent, start, torrent->piece_length(piece));
  follow_writes(*this, start, torrent->piece_length(piece));
}

void hash_job::answer() {
  auto const handler = std::move(handler_);
  handler_ = nullptr;
  handler(lt::piece_index_t(piece), sha1_, error ? error : write_error_);
}

void hash_job::heard(lt::storage_error const& error_of_write) {
  if (error_of_write) write_error_ = error_of_write;
}

void hash_job::run(work_batch const&) noexcept {
  auto const started = lt::clock_type::now();
  if (torrent->parts.is_aborted) {
    error = aborted();
  } else {
    error = hash();
  }
  pinned_.clear();
  auto& counters = torrent->parts.counters;
  int const blocks = (torrent->piece_length(piece) + block_bytes - 1) / block_bytes;
  counters.inc_stats_counter(lt::counters::num_blocks_hashed, blocks);
  counters.inc_stats_counter(lt::counters::disk_hash_time, lt::total_microseconds(lt::clock_type::now() - started));
  end(*this);
}

lt::storage_error hash_job::hash() {
  auto const file = torrent->file->now();
  auto const start = torrent->piece_start(piece);
  int const length = torrent->piece_length(piece);
  lt::hasher sha1;
  auto pinned = pinned_.begin();
  for (int offset = 0; offset < length;) {
    // Blocks in memory are hashed where they lie; between them the file is read, much at once.
    if (pinned != pinned_.end() && pinned->offset == start + offset) {
      take(sha1, offset, pinned->block->data(), pinned->block->length());
      offset += pinned->block->length();
      ++pinned;
      continue;
    }
    int const until = pinned == pinned_.end() ? length : static_cast<int>(pinned->offset - start);
    int const part = std::min(until - offset, scratch_bytes);
    iovec into{scratch(), static_cast<std::size_t>(part)};
    if (auto const failed = read_file(*torrent, file, piece, &into, 1, start + offset, part)) return failed;
    torrent->parts.counters.inc_stats_counter(lt::counters::num_read_back, (part + block_bytes - 1) / block_bytes);
    take(sha1, offset, scratch(), part);
    offset += part;
  }
  if (with_sha1_) sha1_ = sha1.final();
  return {};
}

// `offset` is a block's start.
void hash_job::take(lt::hasher& sha1, int offset, char const* data, int length) {
  if (with_sha1_) sha1.update(data, length);
  if (leaves_.empty()) return;
  for (int done = 0; done < length; done += block_bytes) {
    int const leaf = (offset + done) / block_bytes;
    if (leaf >= leaves_.size()) return;
    leaves_[leaf] = lt::hasher256(data + done, std::min(block_bytes, length - done)).final();
  }
}

// block_hash_job

void block_hash_job::pin_blocks() {
  auto const start = torrent->piece_start(piece) + offset_;
  pinned_ = pin(*torrent, start, length());
  follow_writes(*this, start, length());
}

void block_hash_job::answer() {
  auto const handler = std::move(handler_);
  handler_ = nullptr;
  handler(lt::piece_index_t(piece), sha256_, error ? error : write_error_);
}

void block_hash_job::heard(lt::storage_error const& error_of_write) {
  if (error_of_write) write_error_ = error_of_write;
}

void block_hash_job::run(work_batch const&) noexcept {
  if (torrent->parts.is_aborted) {
    error = aborted();
  } else {
    auto const start = torrent->piece_start(piece) + offset_;
    error = read_range(*torrent, torrent->file->now(), pinned_, piece, scratch(), start, length());
    if (!error) sha256_ = lt::hasher256(scratch(), length()).final();
  }
  pinned_.clear();
  end(*this);
}

} // namespace shoal
