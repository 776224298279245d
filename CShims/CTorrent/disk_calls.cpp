#include "disk_calls.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace shoal {

ssize_t disk_calls::preadv(int descriptor, iovec const* parts, int count, off_t offset) {
  return ::preadv(descriptor, parts, count, offset);
}

ssize_t disk_calls::pwritev(int descriptor, iovec const* parts, int count, off_t offset) {
  return ::pwritev(descriptor, parts, count, offset);
}

int disk_calls::fstat(int descriptor, struct stat& status) { return ::fstat(descriptor, &status); }

// The offset of the open file moves; nobody uses it, all that is read or written here says where.
off_t disk_calls::first_data(int descriptor) { return ::lseek(descriptor, 0, SEEK_DATA); }

int disk_calls::start_writeback(int descriptor, off_t offset, off_t length) {
  return ::sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

namespace {

// Steps over `bytes` that are done; the first part that is left may begin in its middle.
void advance(iovec*& parts, int& count, std::size_t bytes) {
  while (count > 0 && bytes >= parts->iov_len) {
    bytes -= parts->iov_len;
    ++parts;
    --count;
  }
  if (count == 0) return;
  parts->iov_base = static_cast<char*>(parts->iov_base) + bytes;
  parts->iov_len -= bytes;
}

} // namespace

ssize_t read_all(disk_calls& calls, int descriptor, iovec* parts, int count, off_t offset) {
  ssize_t total = 0;
  while (count > 0) {
    ssize_t const got = calls.preadv(descriptor, parts, count, offset + total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    total += got;
    advance(parts, count, static_cast<std::size_t>(got));
  }
  return total;
}

ssize_t write_all(disk_calls& calls, int descriptor, iovec* parts, int count, off_t offset) {
  ssize_t total = 0;
  while (count > 0) {
    ssize_t const put = calls.pwritev(descriptor, parts, count, offset + total);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return total;
    if (put == 0) {
      errno = EIO;
      return total;
    }
    total += put;
    advance(parts, count, static_cast<std::size_t>(put));
  }
  return total;
}

} // namespace shoal
