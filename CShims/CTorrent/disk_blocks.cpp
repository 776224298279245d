#include "disk_blocks.hpp"

#include <algorithm>
#include <sys/mman.h>

#include <boost/asio/post.hpp>

// Under the address sanitizer a block that is free is poisoned, so that a late use of it is seen.
#if defined(__SANITIZE_ADDRESS__)
#define SHOAL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHOAL_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef SHOAL_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size) (static_cast<void>(start), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) (static_cast<void>(start), static_cast<void>(size))
#endif

namespace shoal {

block_pool::~block_pool() {
  for (auto const& slab : slabs_) {
    ASAN_UNPOISON_MEMORY_REGION(slab.start, slab_size);
    ::munmap(slab.start, slab_size);
  }
}

char* block_pool::take_for_write() {
  std::lock_guard lock(guard_);
  return take(false);
}

char* block_pool::take_for_read() {
  std::unique_lock lock(guard_);
  read_block_freed_.wait(lock, [this] { return read_blocks_ < read_blocks_max || is_stopping_; });
  return take(true);
}

char* block_pool::take(bool for_read) {
  slab* const slab = slab_with_space();
  if (!slab) return nullptr;
  int const place = __builtin_ctzll(slab->free);
  std::uint64_t const bit = std::uint64_t(1) << place;
  slab->free &= ~bit;
  if (for_read) {
    slab->reading |= bit;
    ++read_blocks_;
  }
  ++blocks_in_use_;
  char* const block = slab->start + std::size_t(place) * block_bytes;
  ASAN_UNPOISON_MEMORY_REGION(block, block_bytes);
  return block;
}

block_pool::slab* block_pool::slab_with_space() {
  for (auto& slab : slabs_) {
    if (slab.free) return &slab;
  }
  void* const start = ::mmap(nullptr, slab_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  ASAN_POISON_MEMORY_REGION(start, slab_size);
  slabs_.push_back(slab{static_cast<char*>(start)});
  return &slabs_.back();
}

void block_pool::free_disk_buffer(char* block) {
  std::lock_guard lock(guard_);
  auto const slab = std::find_if(slabs_.begin(), slabs_.end(),
    [block](auto const& each) { return block >= each.start && block < each.start + slab_size; });
  if (slab == slabs_.end()) return;
  ASAN_POISON_MEMORY_REGION(block, block_bytes);
  std::uint64_t const bit = std::uint64_t(1) << ((block - slab->start) / block_bytes);
  slab->free |= bit;
  --blocks_in_use_;
  if (slab->reading & bit) {
    slab->reading &= ~bit;
    --read_blocks_;
    read_block_freed_.notify_one();
  }
  if (slab->free == ~std::uint64_t(0)) drop_if_spare(static_cast<std::size_t>(slab - slabs_.begin()));
}

void block_pool::drop_if_spare(std::size_t place) {
  auto const spare = std::count_if(slabs_.begin(), slabs_.end(), [](auto const& each) { return !~each.free; });
  if (spare <= spare_slabs_max) return;
  ASAN_UNPOISON_MEMORY_REGION(slabs_[place].start, slab_size);
  ::munmap(slabs_[place].start, slab_size);
  slabs_.erase(slabs_.begin() + static_cast<std::ptrdiff_t>(place));
}

void block_pool::stop_waiting() {
  std::lock_guard lock(guard_);
  is_stopping_ = true;
  read_block_freed_.notify_all();
}

std::int64_t block_pool::slab_bytes() const {
  std::lock_guard lock(guard_);
  return static_cast<std::int64_t>(slabs_.size() * slab_size);
}

void write_gate::set_high_mark(int blocks) {
  std::lock_guard lock(guard_);
  high_mark_ = std::clamp(blocks, 2, blocks_max);
}

void write_gate::enter() {
  std::lock_guard lock(guard_);
  if (++blocks_ >= high_mark_) is_shut_ = true;
}

void write_gate::leave() {
  std::vector<std::weak_ptr<lt::disk_observer>> told;
  {
    std::lock_guard lock(guard_);
    if (--blocks_ > high_mark_ / 2 || !is_shut_) return;
    is_shut_ = false;
    told.swap(waiting_);
  }
  if (told.empty()) return;
  boost::asio::post(network_, [told = std::move(told)] {
    for (auto const& each : told) {
      if (auto const observer = each.lock()) observer->on_disk();
    }
  });
}

bool write_gate::is_shut(std::shared_ptr<lt::disk_observer> const& observer) {
  std::lock_guard lock(guard_);
  if (is_shut_ && observer) waiting_.push_back(observer);
  return is_shut_;
}

} // namespace shoal
