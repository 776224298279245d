// System calls of Linux that Swift's Glibc module does not show. No logic lives here.
//
// Each function returns what the call returned; errno is the call's own. _GNU_SOURCE is defined in CLinux.c only: in a
// header that a module map shows it would break debug builds.
#pragma once
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>

int32_t shoal_accept_nonblocking(int32_t listener, struct sockaddr *address, socklen_t *length);
// Starts write-back of a range without waiting for it (sync_file_range, SYNC_FILE_RANGE_WRITE).
int32_t shoal_start_writeback(int32_t file, int64_t offset, int64_t count);
// Brings a range into the page cache; returns when its reads are queued.
int64_t shoal_readahead(int32_t file, int64_t offset, int64_t count);
// Reads only what is in the page cache already (preadv2, RWF_NOWAIT); -1 with EAGAIN when it is not.
int64_t shoal_read_cached(int32_t file, void *bytes, int64_t count, int64_t offset);
// How many pages of a range are in the page cache; -1 when the kernel cannot say (before Linux 6.5) or will not.
int64_t shoal_cached_pages(int32_t file, int64_t offset, int64_t count);
// renameat2 with RENAME_NOREPLACE.
int32_t shoal_rename_exclusive(const char *from, const char *to);
// Both ends of a pipe, closed on exec.
int32_t shoal_pipe(int32_t ends[2]);
// The child has no descriptor from this one up. Returns an error number, as posix_spawn's own do.
int32_t shoal_spawn_closing_from(posix_spawn_file_actions_t *actions, int32_t first);
int32_t shoal_set_thread_name(const char *name);
// Tells malloc to keep what was freed instead of mapping it anew (mallopt): blocks below `map_bytes` come from the heap, and
// up to `keep_bytes` at its top stay. At most `arenas` heaps. Call before the first thread. 0 when malloc refused.
int32_t shoal_tune_allocator(int32_t map_bytes, int32_t keep_bytes, int32_t arenas);
