// From the plain structs of ctorrent.h to libtorrent's types.
#include <algorithm>
#include <cstring>

#include <libtorrent/bdecode.hpp>
#include <libtorrent/torrent_info.hpp>

#include "failure.hpp"
#include "session.hpp"

namespace shoal {

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
  return info;
}

} // namespace shoal
