// What peers say that they have, from libtorrent's thread to the one that decides what to show them.
#ifndef SHOAL_WORDS_HPP
#define SHOAL_WORDS_HPP

#include <deque>
#include <memory>
#include <mutex>

#include "ctorrent.h"
#include "events.hpp"

namespace shoal {

/// Beside the events and much smaller: there is one for each piece of each peer. Any thread pushes; one takes.
///
/// Bounded: when it is full all are forgotten, and CT_WORD_LOST is taken in their place.
class word_queue {
public:
  /// 24 MiB. Fifty peers at a gigabyte a second fill it in one second without a taker.
  static constexpr std::size_t most_words = 1 << 20;

  /// @param events is woken for the first word of several.
  explicit word_queue(std::shared_ptr<event_queue> events, std::size_t limit = most_words)
      : m_events(std::move(events)), m_limit(limit) {}

  void push(ct_word const& word) noexcept;
  bool is_empty() const noexcept;
  int take(ct_word* words, int capacity) noexcept;

  /// A number for a connection: none comes twice. libtorrent's thread.
  std::uint32_t next_peer() noexcept { return ++m_last_peer; }

private:
  void add(ct_word const& word);

  std::shared_ptr<event_queue> const m_events;
  std::size_t const m_limit;
  std::uint32_t m_last_peer = 0;

  mutable std::mutex m_mutex;
  std::deque<ct_word> m_words;
  bool m_lost = false;
};

} // namespace shoal

#endif
