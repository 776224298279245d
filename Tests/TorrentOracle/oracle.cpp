#include "torrent_oracle.h"

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/load_torrent.hpp>
#include <libtorrent/magnet_uri.hpp>
#include <libtorrent/torrent_info.hpp>

#include <array>
#include <exception>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

struct oracle_torrent {
  std::string error;
  std::array<std::string, ORACLE_PEERS + 1> parts;
};

namespace {

// Nothing is thrown out of here: what went wrong is an opinion too.
oracle_torrent *ask(std::function<void(oracle_torrent &)> const &question) {
  auto *torrent = new oracle_torrent;
  try {
    question(*torrent);
  } catch (std::exception const &failure) {
    torrent->error = failure.what();
  }
  return torrent;
}

lt::create_flags_t flags(oracle_version version) {
  auto const none = lt::create_torrent::no_attributes;
  switch (version) {
  case ORACLE_V1: return none | lt::create_torrent::v1_only;
  case ORACLE_V2: return none | lt::create_torrent::v2_only;
  case ORACLE_HYBRID: return none;
  }
  return none;
}

void keep_hashes(oracle_torrent &torrent, lt::info_hash_t const &hashes) {
  if (hashes.has_v1()) torrent.parts[ORACLE_INFO_HASH_V1] = hashes.v1.to_string();
  if (hashes.has_v2()) torrent.parts[ORACLE_INFO_HASH_V2] = hashes.v2.to_string();
}

std::string lines(std::vector<std::string> const &texts) {
  std::string joined;
  for (auto const &text : texts) joined += text + "\n";
  return joined;
}

void keep_hints(oracle_torrent &torrent, lt::add_torrent_params const &params) {
  torrent.parts[ORACLE_TRACKERS] = lines(params.trackers);
  torrent.parts[ORACLE_WEB_SEEDS] = lines(params.url_seeds);
  std::ostringstream peers;
  for (auto const &peer : params.peers) peers << peer << "\n";
  torrent.parts[ORACLE_PEERS] = peers.str();
}

} // namespace

extern "C" {

oracle_torrent *oracle_make(const char *folder, const char *name, int32_t piece_bytes, oracle_version version) {
  return ask([&](oracle_torrent &torrent) {
    lt::file_storage files;
    lt::add_files(files, std::string(folder) + "/" + name, lt::create_torrent::no_attributes);
    lt::create_torrent maker(files, piece_bytes, flags(version));
    lt::set_piece_hashes(maker, folder);
    lt::entry const made = maker.generate();
    lt::bencode(std::back_inserter(torrent.parts[ORACLE_FILE]), made);
    lt::bencode(std::back_inserter(torrent.parts[ORACLE_INFO]), made["info"]);
    if (auto const *layers = made.find_key("piece layers"))
      for (auto const &layer : layers->dict()) torrent.parts[ORACLE_PIECE_LAYER] += layer.second.string();
    lt::torrent_info const info(torrent.parts[ORACLE_FILE], lt::from_span);
    keep_hashes(torrent, info.info_hashes());
  });
}

oracle_torrent *oracle_load(const uint8_t *file, size_t count) {
  return ask([&](oracle_torrent &torrent) {
    lt::load_torrent_limits limits;
    limits.max_buffer_size = 32 * 1024 * 1024;
    auto const params = lt::load_torrent_buffer({reinterpret_cast<char const *>(file), std::ptrdiff_t(count)}, limits);
    auto const section = params.ti->info_section();
    torrent.parts[ORACLE_INFO].assign(section.begin(), section.end());
    torrent.parts[ORACLE_NAME] = params.ti->name();
    keep_hashes(torrent, params.ti->info_hashes());
    for (auto const &tree : params.merkle_trees)
      for (auto const &hash : tree) torrent.parts[ORACLE_PIECE_LAYER] += hash.to_string();
    keep_hints(torrent, params);
  });
}

oracle_torrent *oracle_magnet(const char *link) {
  return ask([&](oracle_torrent &torrent) {
    auto const params = lt::parse_magnet_uri(link);
    torrent.parts[ORACLE_NAME] = params.name;
    keep_hashes(torrent, params.info_hashes);
    keep_hints(torrent, params);
  });
}

void oracle_free(oracle_torrent *torrent) { delete torrent; }

const char *oracle_error(const oracle_torrent *torrent) {
  return torrent->error.empty() ? nullptr : torrent->error.c_str();
}

const uint8_t *oracle_bytes(const oracle_torrent *torrent, oracle_part part, size_t *count) {
  auto const &bytes = torrent->parts[part];
  *count = bytes.size();
  return reinterpret_cast<uint8_t const *>(bytes.data());
}
}
