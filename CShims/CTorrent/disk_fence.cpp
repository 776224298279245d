#include "disk_fence.hpp"

#include <cerrno>

namespace shoal {

void accept_fence(shared_job const& fence) {
  std::lock_guard lock(fence->torrent->guard);
  for (auto const& leader : fence->torrent->under_way) {
    if (fence->piece < 0 || leader->piece < 0 || leader->piece == fence->piece) follow(leader, fence);
  }
  accept(fence);
  release(fence);
}

void fence_job::answer() {
  auto const then = std::move(then_);
  then_ = nullptr;
  if (then) then();
}

void check_job::answer() {
  auto const then = std::move(then_);
  then_ = nullptr;
  then(status_, error);
}

bool check_job::begins_late() {
  if (has_begun_) return false;
  has_begun_ = true;
  holds = 1;
  if (torrent->parts.reading.push(shared_from_this())) return true;
  error = aborted();
  return false;
}

void check_job::run(work_batch const&) noexcept {
  if (torrent->parts.is_aborted) {
    error = aborted();
  } else {
    status_ = look();
  }
  end(*this);
}

lt::status_t check_job::look() {
  auto const file = torrent->file->now();
  if (!file.opened) {
    error = failure(ENOENT, lt::operation_t::file_stat);
    return lt::status_t::fatal_disk_error;
  }
  return file.writable ? look_at_fetch(file) : look_at_seed(file);
}

// A seed is whole or it is rotten; it is never checked piece by piece, since what that found could not be mended here.
lt::status_t check_job::look_at_seed(open_file::use const& file) {
  struct stat status {};
  if (torrent->parts.calls->fstat(file.opened->number(), status) != 0) {
    error = rotten(*torrent, -1, errno, "cannot be read");
  } else if (status.st_nlink == 0) {
    error = rotten(*torrent, -1, ENOENT, "was unlinked");
  } else if (status.st_size != torrent->size) {
    error = rotten(*torrent, -1, EIO, "has not the size of its torrent");
  } else if (claimed_ == claim::recheck) {
    error = rotten(*torrent, -1, EIO, "has a piece that is not its torrent's");
  }
  return error ? lt::status_t::fatal_disk_error : lt::status_t::no_error;
}

lt::status_t check_job::look_at_fetch(open_file::use const& file) {
  if (claimed_ == claim::pieces) {
    struct stat status {};
    if (torrent->parts.calls->fstat(file.opened->number(), status) != 0) {
      error = failure(errno, lt::operation_t::file_stat);
      return lt::status_t::fatal_disk_error;
    }
    return status.st_size == torrent->size ? lt::status_t::no_error : lt::status_t::need_full_check;
  }
  // All hole: nothing to check, the fetch begins at once.
  if (torrent->parts.calls->first_data(file.opened->number()) >= 0) return lt::status_t::need_full_check;
  if (errno == ENXIO) return lt::status_t::no_error;
  return lt::status_t::need_full_check;
}

} // namespace shoal
