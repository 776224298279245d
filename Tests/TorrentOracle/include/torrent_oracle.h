// libtorrent's own opinion of torrents and magnet links, for the tests to compare ours with.
#ifndef TORRENT_ORACLE_H
#define TORRENT_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What libtorrent made or understood. The caller frees it with oracle_free.
typedef struct oracle_torrent oracle_torrent;

typedef enum { ORACLE_V1 = 1, ORACLE_V2 = 2, ORACLE_HYBRID = 3 } oracle_version;

// A torrent of the one file `folder`/`name`, read and hashed by libtorrent.
oracle_torrent *oracle_make(const char *folder, const char *name, int32_t piece_bytes, oracle_version version);

// A .torrent file as libtorrent's loader reads it.
oracle_torrent *oracle_load(const uint8_t *file, size_t count);

// A magnet link as libtorrent reads it.
oracle_torrent *oracle_magnet(const char *link);

void oracle_free(oracle_torrent *torrent);

// Why there is nothing else in it, or NULL. This and what follows lives as long as the torrent.
const char *oracle_error(const oracle_torrent *torrent);

typedef enum {
  ORACLE_FILE,         // the whole .torrent (of oracle_make)
  ORACLE_INFO,         // the info dictionary as it stands
  ORACLE_INFO_HASH_V1, // 20 bytes, or none
  ORACLE_INFO_HASH_V2, // 32 bytes, or none
  ORACLE_PIECE_LAYER,  // as written (of oracle_make); as kept after its check against the root (of oracle_load)
  ORACLE_NAME,
  ORACLE_TRACKERS,  // a line each, like the following
  ORACLE_WEB_SEEDS,
  ORACLE_PEERS,
} oracle_part;

const uint8_t *oracle_bytes(const oracle_torrent *torrent, oracle_part part, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
