// Threads that block, by what they wait for: a read never stands behind a write that waits for the disk, and a hash,
// which waits for a core, behind neither.
#ifndef SHOAL_DISK_LANE_HPP
#define SHOAL_DISK_LANE_HPP

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace shoal {

struct lane_work;
using work_batch = std::vector<std::shared_ptr<lane_work>>;

struct lane_work {
  virtual ~lane_work() = default;
  /// Once, on a thread of its lane. `batch` begins with this work; the others were taken along by `is_followed_by`.
  virtual void run(work_batch const& batch) noexcept = 0;
  /// Whether both are better done in one call of `run`: blocks that lie side by side, for example.
  virtual bool is_followed_by(lane_work const&) const { return false; }
};

enum class urgency { soon, when_idle };

/// A bounded number of named threads and one queue. The first thread starts with the lane, the others when they are
/// needed: a node at rest has few. Any method from any thread, but not `stop` from one of its own.
class lane {
public:
  /// Throws std::system_error when not even one thread can be started. `name`: at most 15 characters.
  lane(char const* name, int threads_max);
  ~lane();
  lane(lane const&) = delete;
  lane& operator=(lane const&) = delete;

  static constexpr std::size_t batch_max = 16;

  /// False once the lane was stopped: then the work is still the caller's, to do or to fail.
  [[nodiscard]] bool push(std::shared_ptr<lane_work> const& work, urgency when = urgency::soon);

  /// What is queued is still done; no more threads start. Waits for the end of the threads if so wished.
  void stop(bool wait);

  std::size_t queued() const;

private:
  void start_thread();
  void serve() noexcept;
  work_batch take();

  std::string const name_;
  std::size_t const threads_max_;
  mutable std::mutex guard_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<lane_work>> soon_;
  std::deque<std::shared_ptr<lane_work>> when_idle_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  std::size_t woken_ = 0; // idle ones that a push has called already
  bool is_stopping_ = false;
  bool is_joined_ = false;
};

} // namespace shoal

#endif
