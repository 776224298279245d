#include "disk_proof.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <libtorrent/error_code.hpp>
#include <libtorrent/hasher.hpp>

#include "disk_ranges.hpp"

namespace shoal {

namespace {

constexpr int part_bytes = 16 * block_bytes;

/// The root over the leaves, with zeros for those that are missing (BEP 52). `width` is a power of two.
lt::sha256_hash root_of(std::vector<lt::sha256_hash> nodes, std::size_t width) {
  nodes.resize(width);
  for (; width > 1; width /= 2) {
    for (std::size_t place = 0; place < width / 2; ++place) {
      lt::hasher256 node;
      node.update(nodes[2 * place]);
      node.update(nodes[2 * place + 1]);
      nodes[place] = node.final();
    }
  }
  return nodes.front();
}

/// As wide as all pieces of the file are; a file within one piece has the narrowest tree that holds its leaves.
std::size_t tree_width(stored_torrent const& torrent, std::size_t leaves) {
  if (torrent.size > torrent.piece_bytes) return static_cast<std::size_t>(torrent.piece_bytes / block_bytes);
  std::size_t width = 1;
  while (width < leaves) width *= 2;
  return width;
}

} // namespace

piece_proofs::piece_proofs(int version, std::string hashes, int pieces)
    : m_version(version), m_pieces(pieces), m_hashes(std::move(hashes)),
      m_states(new std::atomic<state>[static_cast<std::size_t>(pieces)]) {
  for (int piece = 0; piece < pieces; ++piece) m_states[static_cast<std::size_t>(piece)] = state::unknown;
}

lt::storage_error piece_proofs::prove(stored_torrent& torrent, open_file::use const& file, int piece) noexcept {
  auto& known = m_states[static_cast<std::size_t>(piece)];
  if (known == state::sound) return {};
  std::unique_lock<std::mutex> lock(m_mutex);
  m_changed.wait(lock, [&] { return known != state::in_hand; });
  if (known == state::sound) return {};
  known = state::in_hand;
  lock.unlock();

  bool is_sound = false;
  lt::storage_error error;
  try {
    error = hash(torrent, file, piece, is_sound);
    if (!error && !is_sound) error = rotten(torrent, piece, EIO, "does not have the bytes of its torrent");
  } catch (...) {
    error = {lt::errors::no_memory, lt::file_index_t{0}, lt::operation_t::alloc_cache_piece};
  }

  lock.lock();
  // What failed is hashed again when it is asked for again; a torrent that is rotten is on its way out.
  known = is_sound ? state::sound : state::unknown;
  lock.unlock();
  m_changed.notify_all();
  return error;
}

void piece_proofs::forget() noexcept {
  for (int piece = 0; piece < m_pieces; ++piece) {
    auto sound = state::sound;
    m_states[static_cast<std::size_t>(piece)].compare_exchange_strong(sound, state::unknown);
  }
}

lt::storage_error piece_proofs::hash(
  stored_torrent& torrent, open_file::use const& file, int piece, bool& is_sound) const {
  static thread_local std::unique_ptr<char[]> const part(new char[part_bytes]);
  int const length = torrent.piece_length(piece);
  lt::hasher sha1;
  std::vector<lt::sha256_hash> leaves;
  for (int offset = 0; offset < length; offset += part_bytes) {
    int const bytes = std::min(part_bytes, length - offset);
    iovec into{part.get(), static_cast<std::size_t>(bytes)};
    auto const error = read_file(torrent, file, piece, &into, 1, torrent.piece_start(piece) + offset, bytes);
    if (error) return error;
    if (m_version == 1) sha1.update(part.get(), bytes);
    for (int leaf = 0; m_version == 2 && leaf < bytes; leaf += block_bytes)
      leaves.push_back(lt::hasher256(part.get() + leaf, std::min(block_bytes, bytes - leaf)).final());
  }
  auto const width = tree_width(torrent, leaves.size());
  is_sound = matches(piece, m_version == 1 ? sha1.final().to_string() : root_of(std::move(leaves), width).to_string());
  return {};
}

bool piece_proofs::matches(int piece, std::string const& hash) const {
  return m_hashes.compare(static_cast<std::size_t>(piece) * hash.size(), hash.size(), hash) == 0;
}

} // namespace shoal
