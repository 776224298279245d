#include "disk_ranges.hpp"

#include "disk_write.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <boost/asio/error.hpp>

namespace shoal {

std::vector<pinned_block> pin(stored_torrent const& torrent, std::int64_t offset, int length) {
  std::vector<pinned_block> pinned;
  // A block that begins before the range may reach into it.
  auto next = torrent.unwritten.upper_bound(offset - block_bytes);
  for (; next != torrent.unwritten.end() && next->first < offset + length; ++next) {
    auto const& block = next->second->block;
    if (next->first + block->length() <= offset) continue;
    if (!pinned.empty() && pinned.back().offset == next->first) pinned.pop_back();
    pinned.push_back({next->first, block});
  }
  return pinned;
}

namespace {

lt::storage_error cannot_read(stored_torrent& torrent, open_file::use const& file, int piece, int error_number) {
  if (file.writable) return failure(error_number, lt::operation_t::file_read);
  return rotten(torrent, piece, error_number, "cannot be read");
}

lt::storage_error ends_early(stored_torrent& torrent, open_file::use const& file, int piece) {
  if (!file.writable) rotten(torrent, piece, EIO, "is shorter than its torrent");
  return {boost::asio::error::eof, lt::file_index_t{0}, lt::operation_t::file_read};
}

} // namespace

lt::storage_error read_file(stored_torrent& torrent, open_file::use const& file, int piece, iovec* parts, int count,
  std::int64_t offset, int length) {
  auto& calls = *torrent.parts.calls;
  if (!file.opened) return failure(ENOENT, lt::operation_t::file_read);
  if (!file.writable) {
    struct stat status {};
    if (calls.fstat(file.opened->number(), status) != 0) return cannot_read(torrent, file, piece, errno);
    if (status.st_nlink == 0) {
      // Another file may have its place by now, which this job had not seen when it began.
      auto const now = torrent.file->now();
      if (now.opened && now.opened != file.opened) return read_file(torrent, now, piece, parts, count, offset, length);
      return rotten(torrent, piece, ENOENT, "was unlinked");
    }
  }
  ssize_t const got = read_all(calls, file.opened->number(), parts, count, offset);
  if (got < 0) return cannot_read(torrent, file, piece, errno);
  torrent.parts.counters.inc_stats_counter(lt::counters::num_read_ops);
  if (got < length) return ends_early(torrent, file, piece);
  return {};
}

lt::storage_error read_range(stored_torrent& torrent, open_file::use const& file,
  std::vector<pinned_block> const& pinned, int piece, char* into, std::int64_t offset, int length) {
  std::int64_t const end = offset + length;
  auto next = pinned.begin();
  for (std::int64_t place = offset; place < end;) {
    while (next != pinned.end() && next->offset + next->block->length() <= place) ++next;
    if (next != pinned.end() && next->offset <= place) {
      auto const skipped = place - next->offset;
      auto const taken = std::min<std::int64_t>(next->block->length() - skipped, end - place);
      std::memcpy(into + (place - offset), next->block->data() + skipped, static_cast<std::size_t>(taken));
      place += taken;
      continue;
    }
    std::int64_t const until = next == pinned.end() ? end : std::min(end, next->offset);
    iovec part{into + (place - offset), static_cast<std::size_t>(until - place)};
    auto const error = read_file(torrent, file, piece, &part, 1, place, static_cast<int>(until - place));
    if (error) return error;
    place = until;
  }
  return {};
}

} // namespace shoal
