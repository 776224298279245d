#include "disk_write.hpp"

#include <algorithm>
#include <cerrno>

namespace shoal {

void write_job::answer() {
  auto const handler = std::move(handler_);
  handler_ = nullptr;
  handler(error);
}

void accept_write(std::shared_ptr<write_job> const& accepted) {
  auto& torrent = *accepted->torrent;
  bool needs_writer = false;
  {
    std::lock_guard lock(torrent.guard);
    accept(accepted);
    torrent.unwritten.emplace(accepted->offset, accepted);
    needs_writer = !torrent.has_writer;
    torrent.has_writer = true;
  }
  if (!needs_writer) return;
  auto const started = std::make_shared<writer>(accepted->torrent);
  if (!torrent.parts.writing.push(started)) started->run({started});
}

void writer::run(work_batch const&) noexcept {
  for (;;) {
    auto const batch = next_batch();
    write(batch);
    if (!finish(batch)) return;
    if (torrent_->parts.writing.push(shared_from_this())) return;
    // The lane ends: what was accepted is still written, here.
  }
}

writer::write_batch writer::next_batch() {
  std::lock_guard lock(torrent_->guard);
  auto& unwritten = torrent_->unwritten;
  write_batch batch;
  auto next = unwritten.lower_bound(torrent_->writer_offset);
  if (next == unwritten.end()) next = unwritten.begin();
  // Of two writes to one place the later comes later in the batch, and is no neighbour: it is a call of its own, after.
  for (; next != unwritten.end() && batch.size() < batch_blocks_max; ++next) batch.push_back(next->second);
  torrent_->writer_offset = batch.back()->offset + 1;
  return batch;
}

void writer::write(write_batch const& batch) {
  auto const started = lt::clock_type::now();
  auto const are_neighbours = [](write_job const& left, write_job const& right) {
    return right.offset == left.offset + left.block->length() && right.opened == left.opened;
  };
  for (std::size_t first = 0; first < batch.size();) {
    std::size_t after = first + 1;
    while (after < batch.size() && are_neighbours(*batch[after - 1], *batch[after])) ++after;
    write_neighbours(&batch[first], after - first);
    first = after;
  }
  auto& counters = torrent_->parts.counters;
  counters.inc_stats_counter(lt::counters::num_blocks_written, static_cast<std::int64_t>(batch.size()));
  counters.inc_stats_counter(lt::counters::disk_write_time, lt::total_microseconds(lt::clock_type::now() - started));
}

void writer::write_neighbours(std::shared_ptr<write_job> const* first, std::size_t count) {
  iovec parts[batch_blocks_max];
  for (std::size_t place = 0; place < count; ++place) {
    auto const& block = *first[place]->block;
    parts[place] = {block.data(), static_cast<std::size_t>(block.length())};
  }
  auto& shared = torrent_->parts;
  errno = 0;
  std::int64_t put =
    write_all(*shared.calls, first[0]->opened->number(), parts, static_cast<int>(count), first[0]->offset);
  int const reason = errno;
  shared.files.written_bytes += put;
  shared.counters.inc_stats_counter(lt::counters::num_write_ops);
  for (std::size_t place = 0; place < count; ++place) {
    put -= first[place]->block->length();
    if (put < 0) first[place]->error = failure(reason ? reason : EIO, lt::operation_t::file_write);
  }
}

// True when there is more to write.
bool writer::finish(write_batch const& batch) {
  std::int64_t bytes = 0;
  for (auto const& written : batch) bytes += written->block->length();
  for (std::size_t place = 0; place < batch.size(); ++place) torrent_->file->write_ended();

  std::lock_guard lock(torrent_->guard);
  auto& unwritten = torrent_->unwritten;
  for (auto const& written : batch) {
    auto const [first, after] = unwritten.equal_range(written->offset);
    unwritten.erase(std::find_if(first, after, [&](auto const& each) { return each.second == written; }));
    written->block.reset();
    release(written);
  }
  torrent_->bytes_since_writeback += bytes;
  if (torrent_->bytes_since_writeback >= writeback_bytes) start_writeback(batch.front()->opened);
  torrent_->has_writer = !unwritten.empty();
  return torrent_->has_writer;
}

namespace {

// It may wait for the device, so it has a lane where nobody waits for it.
class writeback final : public lane_work {
public:
  writeback(shared_torrent of, shared_descriptor opened) : torrent_(std::move(of)), opened_(std::move(opened)) {}

  void run(work_batch const&) noexcept override {
    // Only a hint: the fsync of the promotion reports what fails.
    if (!torrent_->parts.is_aborted) torrent_->parts.calls->start_writeback(opened_->number(), 0, 0);
    std::lock_guard lock(torrent_->guard);
    torrent_->has_writeback = false;
  }

private:
  shared_torrent const torrent_;
  shared_descriptor const opened_;
};

} // namespace

void writer::start_writeback(shared_descriptor const& opened) {
  if (torrent_->has_writeback) return;
  torrent_->bytes_since_writeback = 0;
  torrent_->has_writeback = torrent_->parts.flushing.push(std::make_shared<writeback>(torrent_, opened));
}

} // namespace shoal
