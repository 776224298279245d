#include "expected.hpp"

#include <algorithm>

namespace shoal {

void expected_peers::expect(lt::tcp::endpoint const& peer, clock::time_point now) {
  std::lock_guard<std::mutex> const lock(m_mutex);
  if (m_until.size() >= most) {
    auto const oldest = std::min_element(
      m_until.begin(), m_until.end(), [](auto const& one, auto const& other) { return one.second < other.second; });
    m_until.erase(oldest);
  }
  m_until[peer] = now + patience;
}

bool expected_peers::take(lt::tcp::endpoint const& peer, clock::time_point now) {
  std::lock_guard<std::mutex> const lock(m_mutex);
  auto const found = m_until.find(peer);
  if (found == m_until.end()) return false;
  bool const in_time = now < found->second;
  m_until.erase(found);
  return in_time;
}

} // namespace shoal
