#include "disk_read.hpp"

#include "disk_proof.hpp"

#include <cstring>

#include <libtorrent/error_code.hpp>

namespace shoal {

read_job::read_job(shared_torrent of, lt::peer_request const& request, read_handler handler)
  : job(std::move(of), static_cast<int>(request.piece)), offset_(torrent->piece_start(piece) + request.start),
    length_(torrent->real_length(piece, request.start, request.length)), padding_(request.length - length_),
    handler_(std::move(handler)) {}

read_job::~read_job() {
  if (buffer_) torrent->parts.pool.free_disk_buffer(buffer_);
}

void read_job::answer() {
  auto const handler = std::move(handler_);
  handler_ = nullptr;
  --torrent->parts.files.read_jobs;
  auto& pool = torrent->parts.pool;
  if (error) return handler(lt::disk_buffer_holder(pool, nullptr, 0), error);
  std::memset(buffer_ + length_, 0, static_cast<std::size_t>(padding_));
  lt::disk_buffer_holder given(pool, buffer_, length_ + padding_);
  buffer_ = nullptr;
  handler(std::move(given), error);
}

bool read_job::is_followed_by(lane_work const& next) const {
  auto const* const read = dynamic_cast<read_job const*>(&next);
  return read && read->torrent == torrent && read->offset_ == offset_ + length_ && pinned_.empty() &&
    read->pinned_.empty();
}

bool read_job::take_buffer() {
  buffer_ = torrent->parts.pool.take_for_read();
  if (!buffer_) error = {lt::errors::no_memory, lt::file_index_t{0}, lt::operation_t::alloc_cache_piece};
  return buffer_ != nullptr;
}

void read_job::run(work_batch const& batch) noexcept {
  auto const started = lt::clock_type::now();
  auto& counters = torrent->parts.counters;
  if (torrent->parts.is_aborted) {
    for (auto const& each : batch) static_cast<read_job&>(*each).error = aborted();
  } else {
    bool all_proven = true;
    for (auto const& each : batch) all_proven &= static_cast<read_job&>(*each).is_proven();
    if (all_proven && batch.size() > 1) {
      read_together(batch);
    } else {
      for (auto const& each : batch) static_cast<read_job&>(*each).read_alone();
    }
  }
  counters.inc_stats_counter(lt::counters::num_blocks_read, static_cast<std::int64_t>(batch.size()));
  counters.inc_stats_counter(lt::counters::disk_read_time, lt::total_microseconds(lt::clock_type::now() - started));
  for (auto const& each : batch) {
    auto& ended = static_cast<read_job&>(*each);
    ended.pinned_.clear();
    end(ended);
  }
}

bool read_job::is_proven() {
  // A read of nothing but pad reads nothing of the file.
  if (auto const file = torrent->file->now(); file.proofs && length_ > 0)
    error = file.proofs->prove(*torrent, file, piece);
  return !error;
}

void read_job::read_alone() {
  if (error || !take_buffer()) return;
  error = read_range(*torrent, torrent->file->now(), pinned_, piece, buffer_, offset_, length_);
}

void read_job::read_together(work_batch const& batch) {
  iovec parts[lane::batch_max];
  int count = 0;
  int length = 0;
  for (auto const& each : batch) {
    auto& read = static_cast<read_job&>(*each);
    if (!read.take_buffer()) break;
    parts[count++] = {read.buffer_, static_cast<std::size_t>(read.length_)};
    length += read.length_;
  }
  auto& first = static_cast<read_job&>(*batch.front());
  auto& torrent = *first.torrent;
  auto const file = torrent.file->now();
  auto const failed = count == 0
    ? lt::storage_error{lt::errors::no_memory, lt::file_index_t{0}, lt::operation_t::alloc_cache_piece}
    : read_file(torrent, file, first.piece, parts, count, first.offset_, length);
  for (auto const& each : batch) {
    auto& read = static_cast<read_job&>(*each);
    if (!read.error && !read.buffer_) read.error = {
      lt::errors::no_memory, lt::file_index_t{0}, lt::operation_t::alloc_cache_piece};
    if (!read.error) read.error = failed;
  }
}

} // namespace shoal
