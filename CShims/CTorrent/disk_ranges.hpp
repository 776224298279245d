// A range of a torrent's bytes, each from where it is: blocks that were accepted and are not in the file yet are in
// memory.
#ifndef SHOAL_DISK_RANGES_HPP
#define SHOAL_DISK_RANGES_HPP

#include "disk_jobs.hpp"

namespace shoal {

/// A block that a job reads from memory: as it was when the job was accepted.
struct pinned_block {
  std::int64_t offset;
  std::shared_ptr<written_block> block;
};

/// The unwritten blocks that overlap [offset, offset + length), by offset, the latest of each. Under the lock.
std::vector<pinned_block> pin(stored_torrent const& torrent, std::int64_t offset, int length);

/// Reads from the file alone. A read-only file that cannot give them, or that nobody can find any more, is rotten.
lt::storage_error read_file(stored_torrent& torrent, open_file::use const& file, int piece, iovec* parts, int count,
  std::int64_t offset, int length);

/// Reads, where a block is pinned, from that.
lt::storage_error read_range(stored_torrent& torrent, open_file::use const& file,
  std::vector<pinned_block> const& pinned, int piece, char* into, std::int64_t offset, int length);

} // namespace shoal

#endif
