#include "events.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "failure.hpp"

namespace shoal {

event_queue::event_queue() : m_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (m_descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

event_queue::~event_queue() { ::close(m_descriptor); }

void event_queue::push(ct_event const& event) noexcept {
  bool first = false;
  quietly([&] {
    std::lock_guard<std::mutex> const lock(m_mutex);
    first = m_events.empty();
    m_events.push_back(event);
  });
  // Who finds others before it was not the one to wake anybody: the taker empties the queue before it sleeps.
  if (first) wake();
}

void event_queue::push(ct_event_kind kind, std::uint64_t number, int piece, int code, char const* text) noexcept {
  ct_event event = {};
  event.kind = kind;
  event.number = number;
  event.piece = piece;
  event.code = code;
  copy_text(event.text, text);
  push(event);
}

void event_queue::wake() noexcept {
  std::uint64_t const one = 1;
  // Fails only when the counter is full, and then the taker is awake.
  [[maybe_unused]] auto const written = ::write(m_descriptor, &one, sizeof one);
}

void event_queue::wait(int timeout_ms) noexcept {
  pollfd waiting = {m_descriptor, POLLIN, 0};
  if (::poll(&waiting, 1, timeout_ms) <= 0) return;
  std::uint64_t count = 0;
  [[maybe_unused]] auto const read = ::read(m_descriptor, &count, sizeof count);
}

int event_queue::take(ct_event* events, int capacity) noexcept {
  std::lock_guard<std::mutex> const lock(m_mutex);
  auto const count = std::min<std::size_t>(m_events.size(), static_cast<std::size_t>(std::max(capacity, 0)));
  std::copy_n(m_events.begin(), count, events);
  m_events.erase(m_events.begin(), m_events.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<int>(count);
}

} // namespace shoal
