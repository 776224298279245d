#include "disk_lane.hpp"

#include <csignal>
#include <pthread.h>
#include <system_error>

namespace shoal {

lane::lane(char const* name, int threads_max) : name_(name), threads_max_(static_cast<std::size_t>(threads_max)) {
  std::lock_guard lock(guard_);
  start_thread();
}

lane::~lane() { stop(true); }

// Under the lock. Signals go to other threads: a call of ours is not cut short by them.
void lane::start_thread() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    threads_.emplace_back([this] { serve(); });
    ::pthread_setname_np(threads_.back().native_handle(), name_.c_str());
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool lane::push(std::shared_ptr<lane_work> const& work, urgency when) {
  std::lock_guard lock(guard_);
  if (is_stopping_) return false;
  (when == urgency::soon ? soon_ : when_idle_).push_back(work);
  if (woken_ < idle_) {
    ++woken_;
    wake_.notify_one();
  } else if (threads_.size() < threads_max_) {
    try {
      start_thread();
    } catch (std::system_error const&) {
      // A thread less is slower and not wrong.
    }
  }
  return true;
}

work_batch lane::take() {
  auto& queue = soon_.empty() ? when_idle_ : soon_;
  work_batch batch;
  do {
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  } while (!queue.empty() && batch.size() < batch_max && batch.back()->is_followed_by(*queue.front()));
  return batch;
}

void lane::serve() noexcept {
  std::unique_lock lock(guard_);
  for (;;) {
    while (soon_.empty() && when_idle_.empty() && !is_stopping_) {
      ++idle_;
      wake_.wait(lock);
      --idle_;
      if (woken_ > 0) --woken_;
    }
    if (soon_.empty() && when_idle_.empty()) return;
    auto batch = take();
    lock.unlock();
    batch.front()->run(batch);
    batch.clear();
    lock.lock();
  }
}

void lane::stop(bool wait) {
  {
    std::lock_guard lock(guard_);
    is_stopping_ = true;
    wake_.notify_all();
    if (!wait || is_joined_) return;
    is_joined_ = true;
  }
  // No thread is added once the lane is stopping: the list is ours.
  for (auto& thread : threads_) thread.join();
}

std::size_t lane::queued() const {
  std::lock_guard lock(guard_);
  return soon_.size() + when_idle_.size();
}

} // namespace shoal
