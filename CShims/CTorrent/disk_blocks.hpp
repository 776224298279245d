// The memory of the disk: blocks of 16 KiB that are on their way to a file or to a peer.
#ifndef SHOAL_DISK_BLOCKS_HPP
#define SHOAL_DISK_BLOCKS_HPP

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <libtorrent/disk_buffer_holder.hpp>
#include <libtorrent/disk_interface.hpp>
#include <libtorrent/disk_observer.hpp>
#include <libtorrent/io_context.hpp>

namespace shoal {

constexpr int block_bytes = lt::default_block_size;

/// Blocks in slabs of 1 MiB, straight from the system and back to it: through malloc they would stay behind in the
/// arenas of threads that are idle. Any method from any thread.
class block_pool final : public lt::buffer_allocator_interface {
public:
  block_pool() = default;
  ~block_pool();
  block_pool(block_pool const&) = delete;
  block_pool& operator=(block_pool const&) = delete;

  /// Blocks that wait in the send buffers of peers. A read that would pass this waits until peers took some.
  static constexpr int read_blocks_max = (32 << 20) / block_bytes;
  /// Empty slabs that are kept, so that a busy disk does not fault the same pages in again and again.
  static constexpr int spare_slabs_max = 4;

  /// nullptr when the system has no memory.
  char* take_for_write();
  /// Waits, on a lane, while too many blocks are out for reading.
  char* take_for_read();
  void free_disk_buffer(char* block) override;

  /// From now on nobody waits: the disk ends.
  void stop_waiting();

  int blocks_in_use() const { return blocks_in_use_; }
  std::int64_t slab_bytes() const;

private:
  static constexpr int blocks_per_slab = 64;
  static constexpr std::size_t slab_size = std::size_t(blocks_per_slab) * block_bytes;

  struct slab {
    char* start = nullptr;
    std::uint64_t free = ~std::uint64_t(0);   // a bit a block
    std::uint64_t reading = 0;                // those that count against read_blocks_max
  };

  char* take(bool for_read);
  slab* slab_with_space();
  void drop_if_spare(std::size_t place);

  mutable std::mutex guard_;
  std::condition_variable read_block_freed_;
  std::vector<slab> slabs_; // sorted by nothing; a few dozen at most
  int read_blocks_ = 0;
  bool is_stopping_ = false;
  std::atomic<int> blocks_in_use_{0};
};

/// How much may wait to be written. Over the high mark peers are told to stop sending, under the low mark to go on.
/// Any method from any thread.
class write_gate {
public:
  explicit write_gate(lt::io_context& network) : network_(network) {}

  /// The high mark is never higher, whatever the settings say.
  static constexpr int blocks_max = (32 << 20) / block_bytes;

  void set_high_mark(int blocks);

  void enter();
  void leave();
  /// Whether the peer should stop; it will hear of the gate's opening then. `observer` may be empty.
  bool is_shut(std::shared_ptr<lt::disk_observer> const& observer);

  int blocks() const { return blocks_; }

private:
  lt::io_context& network_;
  std::mutex guard_;
  std::atomic<int> blocks_{0};
  int high_mark_ = 64;
  bool is_shut_ = false;
  std::vector<std::weak_ptr<lt::disk_observer>> waiting_;
};

/// A block that was accepted for writing. Readable by any number of jobs until the last lets go of it.
class written_block {
public:
  written_block(block_pool& pool, write_gate& gate, char* data, int length, std::atomic<std::int64_t>& sum)
    : pool_(pool), gate_(gate), data_(data), length_(length), sum_(sum) {
    gate_.enter();
    sum_ += length_;
  }
  ~written_block() {
    sum_ -= length_;
    pool_.free_disk_buffer(data_);
    gate_.leave();
  }
  written_block(written_block const&) = delete;
  written_block& operator=(written_block const&) = delete;

  char* data() const { return data_; }
  int length() const { return length_; }

private:
  block_pool& pool_;
  write_gate& gate_;
  char* const data_;
  int const length_;
  std::atomic<std::int64_t>& sum_;
};

} // namespace shoal

#endif
