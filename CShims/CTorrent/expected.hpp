// Who may connect: at a port of loopback that every local user can dial, from any address of it.
#ifndef SHOAL_EXPECTED_HPP
#define SHOAL_EXPECTED_HPP

#include <chrono>
#include <map>
#include <mutex>

#include <libtorrent/socket.hpp>

namespace shoal {

/// Endpoints from which a connection of ours is about to come. The kernel gives one pair of endpoints to one connection at
/// a time, so nobody else can come from there meanwhile; each lets in one. Any thread.
class expected_peers {
public:
  using clock = std::chrono::steady_clock;

  /// From being named to connecting: both happen in this process.
  static constexpr std::chrono::seconds patience{2};
  /// Beyond it the oldest is forgotten.
  static constexpr std::size_t most = 1024;

  void expect(lt::tcp::endpoint const& peer) { expect(peer, clock::now()); }

  /// Whether it was expected; it is not any more.
  bool take(lt::tcp::endpoint const& peer) { return take(peer, clock::now()); }

  void expect(lt::tcp::endpoint const& peer, clock::time_point now);
  bool take(lt::tcp::endpoint const& peer, clock::time_point now);

private:
  std::mutex m_mutex;
  std::map<lt::tcp::endpoint, clock::time_point> m_until;
};

} // namespace shoal

#endif
