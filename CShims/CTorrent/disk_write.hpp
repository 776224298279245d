// Blocks from peers.
#ifndef SHOAL_DISK_WRITE_HPP
#define SHOAL_DISK_WRITE_HPP

#include "disk_jobs.hpp"

#include <functional>

namespace shoal {

using write_handler = std::function<void(lt::storage_error const&)>;

class write_job final : public job {
public:
  write_job(shared_torrent of, lt::peer_request const& request, write_handler handler)
    : job(std::move(of), static_cast<int>(request.piece)), offset(torrent->piece_start(piece) + request.start),
      handler_(std::move(handler)) {}

  void answer() override;

  std::int64_t const offset;
  /// Set before it is accepted; `opened` is where it goes, whatever becomes of the file meanwhile.
  shared_descriptor opened;
  std::shared_ptr<written_block> block;

private:
  write_handler handler_;
};

/// Queues the block, to be written by the torrent's writer. Takes the lock.
void accept_write(std::shared_ptr<write_job> const& accepted);

/// The one writer of a torrent, so that two writes to one place keep their order. Writes a batch, neighbours in one
/// call, and queues again behind those of other torrents.
class writer final : public lane_work, public std::enable_shared_from_this<writer> {
public:
  explicit writer(shared_torrent of) : torrent_(std::move(of)) {}

  static constexpr std::size_t batch_blocks_max = 64;
  /// How much is written between two starts of writeback: what is left for the fsync of the promotion is little more.
  static constexpr std::int64_t writeback_bytes = 8 << 20;

  void run(work_batch const&) noexcept override;

private:
  using write_batch = std::vector<std::shared_ptr<write_job>>;

  write_batch next_batch();
  void write(write_batch const& batch);
  void write_neighbours(std::shared_ptr<write_job> const* first, std::size_t count);
  bool finish(write_batch const& batch);
  void start_writeback(shared_descriptor const& opened);

  shared_torrent const torrent_;
};

} // namespace shoal

#endif
