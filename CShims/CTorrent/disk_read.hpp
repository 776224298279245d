// Blocks for peers.
#ifndef SHOAL_DISK_READ_HPP
#define SHOAL_DISK_READ_HPP

#include "disk_ranges.hpp"

namespace shoal {

using read_handler = std::function<void(lt::disk_buffer_holder, lt::storage_error const&)>;

class read_job final : public job {
public:
  read_job(shared_torrent of, lt::peer_request const& request, read_handler handler);
  ~read_job() override;

  /// From acceptance until it runs. Under the lock.
  void pin_blocks() { pinned_ = pin(*torrent, offset_, length_); }

  void answer() override;
  void run(work_batch const& batch) noexcept override;
  /// Blocks that lie side by side in one file are one system call.
  bool is_followed_by(lane_work const& next) const override;

private:
  static void read_together(work_batch const& batch);
  void read_alone();
  bool is_proven();
  bool take_buffer();

  std::int64_t const offset_;
  int const length_;
  /// Zeros after the file's end.
  int const padding_;
  read_handler handler_;
  char* buffer_ = nullptr;
  std::vector<pinned_block> pinned_;
};

} // namespace shoal

#endif
