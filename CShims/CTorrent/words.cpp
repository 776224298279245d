#include "words.hpp"

#include <algorithm>

#include "failure.hpp"

namespace shoal {

void word_queue::push(ct_word const& word) noexcept {
  bool first = false;
  // Without memory for it the word is lost like those that have no room.
  quietly([&] {
    std::lock_guard<std::mutex> const lock(m_mutex);
    first = m_words.empty() && !m_lost;
    try {
      if (m_words.size() < m_limit) return add(word);
    } catch (std::bad_alloc const&) {
    }
    m_words.clear();
    m_lost = true;
  });
  // The taker empties it before it sleeps.
  if (first) m_events->wake();
}

/// Pieces in a row are one word: who comes with half a blob says so in a few.
void word_queue::add(ct_word const& word) {
  if (word.kind == CT_WORD_HAS && !m_words.empty()) {
    auto& last = m_words.back();
    if (last.kind == CT_WORD_HAS && last.torrent == word.torrent && last.peer == word.peer
      && last.piece + last.count == word.piece) {
      last.count += word.count;
      return;
    }
  }
  m_words.push_back(word);
}

bool word_queue::is_empty() const noexcept {
  std::lock_guard<std::mutex> const lock(m_mutex);
  return m_words.empty() && !m_lost;
}

int word_queue::take(ct_word* words, int capacity) noexcept {
  std::lock_guard<std::mutex> const lock(m_mutex);
  if (capacity <= 0) return 0;
  if (m_lost) {
    m_lost = false;
    words[0] = {};
    words[0].kind = CT_WORD_LOST;
    return 1;
  }
  auto const count = std::min<std::size_t>(m_words.size(), static_cast<std::size_t>(capacity));
  std::copy_n(m_words.begin(), count, words);
  m_words.erase(m_words.begin(), m_words.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<int>(count);
}

} // namespace shoal
