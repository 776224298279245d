// The system calls of the disk, as one seam: tests put slow, short and failing ones in their place.
#ifndef SHOAL_DISK_CALLS_HPP
#define SHOAL_DISK_CALLS_HPP

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace shoal {

/// Each answers as the call of the same name: -1 and errno. Called from any lane at once.
struct disk_calls {
  virtual ~disk_calls() = default;

  virtual ssize_t preadv(int descriptor, iovec const* parts, int count, off_t offset);
  virtual ssize_t pwritev(int descriptor, iovec const* parts, int count, off_t offset);
  virtual int fstat(int descriptor, struct stat& status);
  /// Where the first data is, or -1 with ENXIO when the file is all hole.
  virtual off_t first_data(int descriptor);
  /// Asks for writeback of this range and does not wait for its end. It may wait for a place in the device's queue.
  virtual int start_writeback(int descriptor, off_t offset, off_t length);
};

/// Reads until the parts are full or the file ends: how much, or -1 with errno. Uses up `parts`.
ssize_t read_all(disk_calls& calls, int descriptor, iovec* parts, int count, off_t offset);

/// Writes all of the parts: how much before the first failure, with errno if that is less than all. Uses up `parts`.
ssize_t write_all(disk_calls& calls, int descriptor, iovec* parts, int count, off_t offset);

} // namespace shoal

#endif
