// What happened, from the threads that saw it to the one that asks: a queue with an eventfd.
#ifndef SHOAL_EVENTS_HPP
#define SHOAL_EVENTS_HPP

#include <deque>
#include <mutex>

#include "ctorrent.h"

namespace shoal {

/// Any thread pushes; one takes. Its length is bounded by the pieces of the torrents that are live.
class event_queue {
public:
  event_queue();
  ~event_queue();
  event_queue(event_queue const&) = delete;
  event_queue& operator=(event_queue const&) = delete;

  void push(ct_event const& event) noexcept;
  void push(ct_event_kind kind, std::uint64_t number, int piece = -1, int code = 0, char const* text = "") noexcept;

  /// Wakes the taker without an event: there is something else to look at.
  void wake() noexcept;

  /// Sleeps until somebody pushed or woke, or the time is over.
  void wait(int timeout_ms) noexcept;

  int take(ct_event* events, int capacity) noexcept;

private:
  std::mutex m_mutex;
  std::deque<ct_event> m_events;
  int m_descriptor;
};

} // namespace shoal

#endif
