#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int32_t shoal_accept_nonblocking(int32_t listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int32_t shoal_start_writeback(int32_t file, int64_t offset, int64_t count) {
  return sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
}

int64_t shoal_readahead(int32_t file, int64_t offset, int64_t count) {
  return readahead(file, offset, (size_t)count);
}

int64_t shoal_read_cached(int32_t file, void *bytes, int64_t count, int64_t offset) {
  struct iovec piece = {.iov_base = bytes, .iov_len = (size_t)count};
  return preadv2(file, &piece, 1, offset, RWF_NOWAIT);
}

// cachestat(2) is younger than Debian 12's headers: its number is the same everywhere, its structures are fixed.
int64_t shoal_cached_pages(int32_t file, int64_t offset, int64_t count) {
  struct {
    uint64_t offset, length;
  } range = {(uint64_t)offset, (uint64_t)count};
  struct {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
  } pages = {0};
  long code = syscall(451, file, &range, &pages, 0);
  return code == 0 ? (int64_t)pages.cached : -1;
}

int32_t shoal_rename_exclusive(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int32_t shoal_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int32_t shoal_tune_allocator(int32_t map_bytes, int32_t keep_bytes, int32_t arenas) {
  return mallopt(M_MMAP_THRESHOLD, map_bytes) && mallopt(M_TRIM_THRESHOLD, keep_bytes) && mallopt(M_ARENA_MAX, arenas);
}

int32_t shoal_pipe(int32_t ends[2]) {
  return pipe2(ends, O_CLOEXEC);
}

int32_t shoal_spawn_closing_from(posix_spawn_file_actions_t *actions, int32_t first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
