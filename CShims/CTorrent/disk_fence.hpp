// Jobs that end when all that was accepted before them has ended, of the torrent or of one piece.
#ifndef SHOAL_DISK_FENCE_HPP
#define SHOAL_DISK_FENCE_HPP

#include "disk_jobs.hpp"

#include <functional>

namespace shoal {

/// Nothing to do but to wait: stop, release, clear, rename, priorities. What it answers is in `then`.
class fence_job final : public job {
public:
  fence_job(shared_torrent of, int of_piece, std::function<void()> then)
    : job(std::move(of), of_piece), then_(std::move(then)) {}

  void answer() override;

private:
  std::function<void()> then_;
};

/// What resume data claim of a file.
enum class claim {
  nothing,    // fresh: what is there, if anything, is unknown
  pieces,     // some or all of the pieces
  recheck,    // libtorrent asks again: what was claimed has turned out wrong
};

/// Looks at the file before a torrent starts on it. Makes nothing, sizes nothing.
class check_job final : public job {
public:
  using handler = std::function<void(lt::status_t, lt::storage_error const&)>;

  check_job(shared_torrent of, claim claimed, handler then)
    : job(std::move(of), -1), claimed_(claimed), then_(std::move(then)) {}

  void answer() override;
  bool begins_late() override;
  void run(work_batch const&) noexcept override;

private:
  lt::status_t look();
  lt::status_t look_at_seed(open_file::use const& file);
  lt::status_t look_at_fetch(open_file::use const& file);

  claim const claimed_;
  handler then_;
  bool has_begun_ = false;
  lt::status_t status_ = lt::status_t::fatal_disk_error;
};

/// Accepts a fence: it follows all that is under way of its piece, or everything. Takes the lock.
void accept_fence(shared_job const& fence);

} // namespace shoal

#endif
