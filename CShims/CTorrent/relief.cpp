#include "relief.hpp"

#include <algorithm>
#include <utility>

#include <libtorrent/peer_connection_handle.hpp>

#include "failure.hpp"
#include "on_thread.hpp"
#include "peer_hooks.hpp"
#include "session.hpp"

namespace shoal {

namespace {

/// libtorrent leaves alone what is here of it, written or on its way to the file, and asks nobody for the rest any more. It
/// takes nothing before the file is checked.
void give_now(live_torrent& torrent, int piece, std::vector<char>&& bytes) {
  if (torrent.read_only || torrent.whole) return;
  if (torrent.checked) torrent.handle.add_piece(lt::piece_index_t(piece), std::move(bytes));
  else torrent.given[piece] = std::move(bytes);
}

} // namespace

void give_held(std::shared_ptr<live_torrent> const& torrent) {
  on_thread(torrent->handle, [torrent] {
    if (!torrent->checked) return;
    for (auto& [piece, bytes] : std::exchange(torrent->given, {})) give_now(*torrent, piece, std::move(bytes));
  });
}

void session::give(std::uint64_t number, int piece, std::vector<char> bytes) {
  auto const entry = find(number);
  auto const live = entry.torrent;
  if (piece < 0 || piece >= live->piece_count) throw refusal(CT_INVALID, "the torrent has no such piece");
  auto const& files = live->info->files();
  auto const real = files.file_size(lt::file_index_t(0)) - std::int64_t(piece) * live->info->piece_length();
  if (static_cast<std::int64_t>(bytes.size()) != std::min<std::int64_t>(real, live->info->piece_length()))
    throw refusal(CT_INVALID, "the piece is of another size");
  // Of version 2 the last one ends in a pad of libtorrent's own.
  bytes.resize(static_cast<std::size_t>(live->info->piece_size(lt::piece_index_t(piece))));
  // Shared: on its way there the closure is copied.
  on_thread(entry.handle, [live, piece, given = std::make_shared<std::vector<char>>(std::move(bytes))] {
    give_now(*live, piece, std::move(*given));
  });
}

void session::shed(std::uint64_t number, std::chrono::milliseconds silent) {
  auto const entry = find(number);
  on_thread(entry.handle, [live = entry.torrent, silent] {
    // Those who go leave the set.
    auto const peers = live->connected;
    for (auto* const peer : peers)
      if (peer->is_silent_for(silent)) peer->let_go();
  });
}

} // namespace shoal
