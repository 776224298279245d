// Who is let in, with a clock that the trial turns.
#include <libtorrent/address.hpp>

#include "expected.hpp"
#include "workbench.hpp"

namespace trials {

void endpoints_are_expected_once(std::string const&) {
  using clock = shoal::expected_peers::clock;
  auto const endpoint = [](int port) {
    return lt::tcp::endpoint(lt::make_address("127.77.3.4"), static_cast<std::uint16_t>(port));
  };
  shoal::expected_peers peers;
  clock::time_point const now{};
  peers.expect(endpoint(1), now);
  expect(!peers.take(endpoint(2), now), "an endpoint that nobody named was let in");
  expect(peers.take(endpoint(1), now), "one that was expected was turned away");
  expect(!peers.take(endpoint(1), now), "an endpoint let in two connections");

  peers.expect(endpoint(1), now);
  expect(!peers.take(endpoint(1), now + shoal::expected_peers::patience), "one that came late was let in");

  for (int port = 1; port <= static_cast<int>(shoal::expected_peers::most) + 1; ++port)
    peers.expect(endpoint(port), now + std::chrono::microseconds(port));
  expect(!peers.take(endpoint(1), now), "the table has no bound");
  expect(peers.take(endpoint(2), now), "more than the oldest was forgotten");
}

} // namespace trials
