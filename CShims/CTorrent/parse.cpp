// From the plain structs of ctorrent.h to libtorrent's types.
#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include <libtorrent/bdecode.hpp>
#include <libtorrent/torrent_info.hpp>

#include "disk_proof.hpp"
#include "failure.hpp"
#include "private_member.hpp"
#include "session.hpp"

namespace shoal {

struct files_of {
  using type = lt::aux::vector<lt::aux::file_entry, lt::file_index_t> lt::file_storage::*;
  friend type member(files_of);
};
template struct opened<files_of, &lt::file_storage::m_files>;

namespace {

/// Thirty-two bytes that nobody knows.
char const* secret_root() {
  static std::array<char, 32> const bytes = [] {
    std::array<char, 32> made = {};
    std::random_device chance;
    for (auto& byte : made) byte = static_cast<char>(chance());
    return made;
  }();
  return bytes.data();
}

/// libtorrent 2.0.8 (to 2.0.12) puts a pad file behind a v2 file that does not fill its last piece. The pad has no root,
/// which reads as 32 zeros, and no hash tree: whoever names that root in a hash message brings the process down. With a
/// root that nobody can name, such a message is about no file and refused.
void hide_pad_files(lt::torrent_info& info) {
  auto& files = const_cast<lt::file_storage&>(info.orig_files()); // the object itself is not const
  for (auto& file : files.*member(files_of()))
    if (file.pad_file) file.root = secret_root();
}

} // namespace

lt::tcp::endpoint endpoint_of(ct_endpoint const& endpoint) {
  lt::error_code error;
  auto const address = lt::make_address(endpoint.address, error);
  if (error) throw refusal(CT_INVALID, std::string("no IP address: ") + endpoint.address);
  return {address, endpoint.port};
}

std::vector<lt::tcp::endpoint> endpoints_of(ct_endpoint const* endpoints, int count) {
  std::vector<lt::tcp::endpoint> result;
  result.reserve(static_cast<std::size_t>(std::max(count, 0)));
  for (int i = 0; i < count; ++i) result.push_back(endpoint_of(endpoints[i]));
  return result;
}

namespace {

void append(std::string& bytes, std::uint8_t const* more, int count) {
  bytes.append(reinterpret_cast<char const*>(more), static_cast<std::size_t>(count));
}

/// BEP 52: info → "file tree" → the one file → "" → "pieces root".
std::string pieces_root(std::string const& info) {
  lt::error_code error;
  auto const node = lt::bdecode(info, error);
  if (error) throw refusal(CT_INVALID, "the info dictionary does not parse: " + error.message());
  auto const tree = node.dict_find_dict("file tree");
  if (!tree || tree.dict_size() != 1) throw refusal(CT_INVALID, "a piece layer needs a file tree of one file");
  auto const file = tree.dict_at(0).second;
  auto const facts = file.type() == lt::bdecode_node::dict_t ? file.dict_find_dict("") : lt::bdecode_node();
  auto const root = facts ? facts.dict_find_string_value("pieces root") : lt::string_view();
  if (root.size() != 32) throw refusal(CT_INVALID, "the file has no pieces root");
  return std::string(root.data(), root.size());
}

std::string torrent_file(ct_torrent const& torrent) {
  std::string info;
  append(info, torrent.info, torrent.info_bytes);
  std::string bytes = "d4:info" + info;
  if (torrent.piece_layer_bytes > 0) {
    bytes += "12:piece layersd32:" + pieces_root(info) + std::to_string(torrent.piece_layer_bytes) + ":";
    append(bytes, torrent.piece_layer, torrent.piece_layer_bytes);
    bytes += "e";
  }
  return bytes + "e";
}

} // namespace

std::shared_ptr<lt::torrent_info> parse_torrent(ct_torrent const& torrent) {
  auto const bytes = torrent_file(torrent);
  lt::error_code error;
  auto info = std::make_shared<lt::torrent_info>(bytes, error, lt::from_span);
  if (error) throw refusal(CT_INVALID, "the torrent does not parse: " + error.message());

  std::string expected;
  append(expected, torrent.info_hash, torrent.info_hash_bytes);
  auto const hashes = info->info_hashes();
  bool const v1 = hashes.has_v1() && expected == hashes.v1.to_string();
  bool const v2 = hashes.has_v2() && expected == hashes.v2.to_string();
  if (!v1 && !v2) throw refusal(CT_INVALID, "the info dictionary has another hash");
  // A v2 file that does not fill its last piece has a pad file of libtorrent's own behind it.
  auto const& files = info->files();
  int real = 0;
  for (auto const index : files.file_range()) real += files.pad_file_at(index) ? 0 : 1;
  if (real != 1) throw refusal(CT_INVALID, "the torrent has more than one file");
  if (files.file_size(lt::file_index_t(0)) != torrent.size)
    throw refusal(CT_INVALID, "the torrent is of another size");
  // BEP 52 lets who fetches ask peers for it. In libtorrent 2.0.8 the answers can bring the process down (peer_hooks).
  if (v2 && info->num_pieces() > 1 && torrent.piece_layer_bytes == 0)
    throw refusal(CT_INVALID, "a torrent of version 2 with more than one piece needs its piece layer");
  hide_pad_files(*info);
  return info;
}

std::shared_ptr<piece_proofs> proofs_of(lt::torrent_info const& info, ct_torrent const& torrent) {
  int const version = torrent.info_hash_bytes == 32 ? 2 : 1;
  std::string hashes;
  if (version == 1) {
    for (auto const piece : info.piece_range()) hashes += info.hash_for_piece(piece).to_string();
  } else if (info.num_pieces() == 1) {
    hashes = info.files().root(lt::file_index_t(0)).to_string();
  } else {
    append(hashes, torrent.piece_layer, torrent.piece_layer_bytes);
  }
  int const bytes = version == 1 ? 20 : 32;
  if (hashes.size() != static_cast<std::size_t>(info.num_pieces()) * bytes)
    throw refusal(CT_INVALID, "the torrent has not one hash for each piece");
  return std::make_shared<piece_proofs>(version, std::move(hashes), info.num_pieces());
}

} // namespace shoal
