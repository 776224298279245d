#ifndef CTORRENT_H
#define CTORRENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// libtorrent behind a plain C wall. No exception leaves it and nothing calls back out of it: what happens is fetched
// with ct_session_wait. Every text and buffer is copied on the way through, so nobody frees what the other made, but
// for the two handles with their own free functions.
//
// Threads: unless a function says otherwise it may be called from any thread, at the same time as any other on the same
// session, and returns without waiting for libtorrent.

/// What a call came to. Anything but CT_OK has put a text into the caller's ct_failure.
typedef enum ct_result {
  CT_OK = 0,
  /// Bytes or options that make no sense (a .torrent that does not parse, an address that is none).
  CT_INVALID = 1,
  /// The address to listen on is in use, or may not be used by us.
  CT_LISTEN = 2,
  /// The deadline passed.
  CT_TIMEOUT = 3,
  /// No such torrent: it was removed.
  CT_UNKNOWN = 4,
  /// The system refused: `system_code` says why.
  CT_SYSTEM = 5,
  CT_INTERNAL = 6,
} ct_result;

/// Filled by a call that fails, if not NULL. Owned by the caller.
typedef struct ct_failure {
  /// errno, or 0 when the failure has none.
  int32_t system_code;
  char text[256];
} ct_failure;

/// The version of libtorrent that is loaded, as text that is never freed.
const char *ct_version(void);

/// The defines that the shim was compiled with and that change the layout of libtorrent's classes, separated by spaces;
/// never freed. A test compares them with pkg-config's.
const char *ct_defines(void);

// MARK: session

typedef struct ct_session ct_session;

typedef enum ct_role {
  /// Members only: no uTP, DHT, local discovery, peer exchange, trackers.
  CT_ROLE_FLEET = 0,
  /// Strangers: uTP, DHT, peer exchange, trackers.
  CT_ROLE_PUBLIC = 1,
} ct_role;

/// Bytes a second; 0 is no limit.
typedef struct ct_rates {
  int32_t upload, download;
  /// Of these, what peers on private and loopback addresses may have together.
  int32_t near_upload, near_download;
  /// What those may have together that ct_session_place put far away.
  int32_t far_upload, far_download;
} ct_rates;

typedef struct ct_options {
  ct_role role;
  /// Tried in order until one can be listened on: "127.0.0.1:6881"; several at once with commas:
  /// "0.0.0.0:6881,[::]:6881". Port 0 is any free one.
  const char *const *listen;
  int32_t listen_count;
  /// Nobody connects or is connected to but those that ct_session_admit named.
  uint8_t registered_only;
  /// Nobody connects but from endpoints that ct_session_expect named, and CT_EVENT_DIALLED tells of every connection that
  /// is made: for a port of loopback, which any local user can dial. Only in the fleet role.
  uint8_t expected_only;
  /// Announce to the subnet by multicast. Only in the public role.
  uint8_t local_discovery;
  uint8_t dht;
  int32_t connections_limit;
  ct_rates rates;
  /// "Shoal/0.2": told to trackers and peers.
  const char *agent;
  /// "host:port,host:port"; may be empty.
  const char *dht_nodes;
  /// Alerts that libtorrent holds before it drops some; 0 is the default of this shim. For tests.
  int32_t alert_queue_size;
  /// Torrents of at least `hide_from_bytes` are hidden: who has one whole says so to peers that hide as well, and they
  /// ask only for what ct_torrent_reveal shows them; words are told of all their peers. Only in the fleet role.
  uint8_t hides;
  int64_t hide_from_bytes;
  /// Words that wait before all are lost; 0 is the default of this shim. For tests.
  int32_t word_queue_size;
} ct_options;

/// Opens a session and listens. Blocks for milliseconds. The caller owns it: ct_session_close, then ct_session_free.
ct_result ct_session_open(const ct_options *options, ct_session **session, ct_failure *failure);

/// Ends everything: torrents stop, trackers are told (2 s at most), the threads of libtorrent are joined. Blocks. After
/// it ct_session_wait returns -1, every other call CT_UNKNOWN. Safe twice.
void ct_session_close(ct_session *session);

/// After ct_session_close, and when no other call on it runs or will come.
void ct_session_free(ct_session *session);

typedef struct ct_endpoint {
  /// IPv4 or IPv6 as text, without brackets.
  char address[46];
  uint16_t port;
} ct_endpoint;

/// Where the session listens for TCP: at most `capacity` are written, the number of them is returned.
int32_t ct_session_endpoints(ct_session *session, ct_endpoint *endpoints, int32_t capacity);

/// Lets this address (text, no port) in and out. Matters only with `registered_only`.
ct_result ct_session_admit(ct_session *session, const char *address, ct_failure *failure);

/// Takes it back: what is open is cut.
ct_result ct_session_dismiss(ct_session *session, const char *address, ct_failure *failure);

/// One connection comes from exactly there within two seconds. Matters only with `expected_only`.
ct_result ct_session_expect(ct_session *session, ct_endpoint from, ct_failure *failure);

/// That address is across a site's line, or is not any more: connections from now on share the far rates, or the near ones.
ct_result ct_session_place(ct_session *session, const char *address, uint8_t is_far, ct_failure *failure);

ct_result ct_session_set_rates(ct_session *session, ct_rates rates, ct_failure *failure);

// MARK: torrents

typedef struct ct_torrent {
  /// The bencoded info dictionary.
  const uint8_t *info;
  int32_t info_bytes;
  /// 32 bytes a piece; empty in version 1, and in version 2 for a single piece.
  const uint8_t *piece_layer;
  int32_t piece_layer_bytes;
  /// Expected: 20 bytes (v1) or 32 (v2). The info dictionary must have it.
  const uint8_t *info_hash;
  int32_t info_hash_bytes;
  const char *const *trackers;
  int32_t tracker_count;
  /// Whole and read-only, or to be fetched.
  uint8_t seed;
  /// Of the blob; the file of a seed has it.
  int64_t size;
  /// A duplicate is used; the caller keeps its own. Open for reading and writing when it is fetched into.
  int32_t descriptor;
  const ct_endpoint *peers;
  int32_t peer_count;
} ct_torrent;

/// Parses a torrent and takes its file; `*number` names it from now on (never 0). Nothing happens before
/// ct_torrent_start, so that the caller can make ready for its events.
ct_result ct_torrent_prepare(ct_session *session, const ct_torrent *torrent, uint64_t *number, ct_failure *failure);

/// Hands it to libtorrent. Blocks until libtorrent's own thread has taken it: no answer can be lost with a dropped
/// alert. On failure nothing remains of it and no event of it comes.
ct_result ct_torrent_start(ct_session *session, uint64_t number, ct_failure *failure);

/// From now on reads come from (a duplicate of) `descriptor`, and nothing is written any more. Blocks until writes that
/// were accepted before have reached the older one. Peers stay connected. Its pieces are hashed from then on before they
/// are first read, as a seed's are: one that does not match is CT_EVENT_ROTTEN.
ct_result ct_torrent_settle(ct_session *session, uint64_t number, int32_t descriptor, ct_failure *failure);

ct_result ct_torrent_introduce(
    ct_session *session, uint64_t number, const ct_endpoint *peers, int32_t peer_count, ct_failure *failure);

/// These pieces are wanted before all others, in this order if there are one or two peers. CT_WORD_HURRIED says so.
ct_result ct_torrent_hurry(
    ct_session *session, uint64_t number, int32_t first_piece, int32_t count, ct_failure *failure);

/// A whole piece that came another way, as long as it is being fetched: copied, verified as any other, told of by
/// CT_EVENT_PIECE. Blocks of it that are here already stay as they are. One that does not verify is dropped.
ct_result ct_torrent_give(ct_session *session, uint64_t number, int32_t piece, const uint8_t *bytes, int32_t count,
                          ct_failure *failure);

/// Cuts peers that owe blocks and sent none of those for `silent_ms`: others are asked for them at once. They may come
/// again, later each time.
ct_result ct_torrent_shed(ct_session *session, uint64_t number, int32_t silent_ms, ct_failure *failure);

// What is done to one peer of a torrent; `peer` is of a word. Nothing, if it has left meanwhile.

/// Says to it that these pieces are here.
ct_result ct_torrent_reveal(ct_session *session, uint64_t number, uint32_t peer, const int32_t *pieces, int32_t count,
                            ct_failure *failure);

/// Says to it that all are.
ct_result ct_torrent_open(ct_session *session, uint64_t number, uint32_t peer, ct_failure *failure);

/// Ends the connection. When that address comes again and has everything it is taken at its word.
ct_result ct_torrent_cut(ct_session *session, uint64_t number, uint32_t peer, ct_failure *failure);

/// Tells it that these pieces are waited for: CT_WORD_WANTS over there.
ct_result ct_torrent_suggest(ct_session *session, uint64_t number, uint32_t peer, const int32_t *pieces, int32_t count,
                             ct_failure *failure);

/// At most so many blocks are asked of it ahead, from now on.
ct_result ct_torrent_deepen(
    ct_session *session, uint64_t number, uint32_t peer, int32_t blocks, ct_failure *failure);

/// Stops it; safe twice. Done when CT_EVENT_RELEASED comes: the file is used no more then and the same hash may come again.
ct_result ct_torrent_remove(ct_session *session, uint64_t number, ct_failure *failure);

// MARK: events

typedef enum ct_event_kind {
  /// `piece` is verified and can be read from the file.
  CT_EVENT_PIECE = 1,
  /// The read-only file does not hold the torrent's bytes, or cannot be read. Comes once; remove the torrent.
  CT_EVENT_ROTTEN = 2,
  /// The fetch cannot go on; `code` is errno. Comes once; remove the torrent.
  CT_EVENT_FAILED = 3,
  /// The last event of a torrent.
  CT_EVENT_RELEASED = 4,
  /// The numbers of ct_session_statuses are fresh; `number` is 0.
  CT_EVENT_STATUS = 5,
  /// The shim's own: never handed out.
  CT_EVENT_RESUME = 6,
  /// With `expected_only`: we have connected to `far`, from `near`.
  CT_EVENT_DIALLED = 7,
  /// Who is at the address of `far` sent what is not the torrent's, and has no more part in it. Not told of one that had
  /// left by then, before it comes again.
  CT_EVENT_BANNED = 8,
} ct_event_kind;

typedef struct ct_event {
  uint64_t number;
  ct_event_kind kind;
  int32_t piece;
  int32_t code;
  union {
    char text[172];
    /// CT_EVENT_DIALLED; of CT_EVENT_BANNED `far` alone.
    struct {
      ct_endpoint near, far;
    };
  };
} ct_event;

/// Waits for events and copies at most `capacity` of them, in the order in which they happened. Returns their number, 0
/// after `timeout_ms` without one (-1: no timeout) and when there are words to take, and -1 when the session was closed.
/// One thread only.
int32_t ct_session_wait(ct_session *session, ct_event *events, int32_t capacity, int32_t timeout_ms);

// MARK: words

/// What a peer says or does, of torrents with words. The words of one peer come in the order in which it happened, the
/// first is CT_WORD_JOINED, and none follows CT_WORD_LEFT.
typedef enum ct_word_kind {
  /// Hands were shaken; `flags` are of ct_joined.
  CT_WORD_JOINED = 1,
  /// It has `count` pieces from `piece` on.
  CT_WORD_HAS = 2,
  /// It suggests that we show it `piece`: a reader there waits.
  CT_WORD_WANTS = 3,
  CT_WORD_LEFT = 4,
  /// There were too many words, and all that waited are lost: forget every peer, then ct_session_tell_again. `torrent`
  /// and `peer` are 0.
  CT_WORD_LOST = 5,
  /// It said that it has everything, and that was kept from libtorrent: it shows its pieces one by one.
  CT_WORD_SWALLOWED = 6,
  /// After CT_WORD_SWALLOWED: it shows `piece`. CT_WORD_HAS follows.
  CT_WORD_SHOWN = 7,
  /// After CT_WORD_SWALLOWED: it said once more that it has everything, and libtorrent knows. CT_WORD_HAS follows.
  CT_WORD_OPENED = 8,
  /// Four times a second while blocks come: `count` blocks a second, the quickest of them `piece` microseconds after it
  /// was asked for; `flags` peers of the torrent sent any meanwhile.
  CT_WORD_PACE = 9,
  /// Readers here wait for `count` pieces from `piece` on (ct_torrent_hurry). `peer` is 0.
  CT_WORD_HURRIED = 10,
} ct_word_kind;

typedef enum ct_joined {
  /// We dialled.
  CT_JOINED_OUTGOING = 1,
  /// It is told that all is here, and keeps that from its own libtorrent: it waits to be shown pieces.
  CT_JOINED_VEILED = 2,
} ct_joined;

typedef struct ct_word {
  uint64_t torrent;
  /// The connection: no number is given twice in a session.
  uint32_t peer;
  uint16_t kind, flags;
  int32_t piece, count;
} ct_word;

/// Takes at most `capacity` words, without waiting. The thread of ct_session_wait.
int32_t ct_session_words(ct_session *session, ct_word *words, int32_t capacity);

/// All peers that are connected join and say what they have once more, in words to come.
ct_result ct_session_tell_again(ct_session *session, ct_failure *failure);

// MARK: numbers

typedef struct ct_status {
  uint64_t number;
  int32_t peers, seeds;
  int32_t download_rate, upload_rate;
  /// Blocks that were asked for, as they come: of this moment, not of the last refresh.
  int64_t downloaded_bytes;
  int64_t uploaded_bytes;
  /// Arrived and did not verify, or was there already.
  int64_t wasted_bytes;
  uint8_t seeding;
  /// Peers that have all and show it piece by piece; pieces that were shown to others. Of this moment.
  int32_t veiled;
  int64_t revealed;
} ct_status;

/// Asks for fresh numbers: CT_EVENT_STATUS tells that they are there.
ct_result ct_session_refresh(ct_session *session, ct_failure *failure);

/// The numbers of the last refresh of every torrent, at most `capacity`; returns how many there are.
int32_t ct_session_statuses(ct_session *session, ct_status *statuses, int32_t capacity);

/// One that a torrent is connected with.
typedef struct ct_peer {
  ct_endpoint at;
  /// That it has, as far as it has shown them.
  int32_t pieces;
  int32_t download_rate, upload_rate;
  int64_t downloaded_bytes, uploaded_bytes;
  /// It has all, and says so.
  uint8_t seed;
} ct_peer;

/// The peers of a torrent at this moment, at most `capacity`; `count` is how many are there. Blocks for an answer of
/// libtorrent's thread.
ct_result ct_torrent_peers(ct_session *session, uint64_t number, ct_peer *peers, int32_t capacity, int32_t *count,
                           ct_failure *failure);

typedef struct ct_disk_numbers {
  int64_t buffered_bytes, read_jobs, written_bytes, refused_writes, rotten_reads;
} ct_disk_numbers;

void ct_session_disk(ct_session *session, ct_disk_numbers *numbers);

/// Settings as libtorrent has them now, by its own names, for tests. Blocks.
ct_result ct_session_setting(ct_session *session, const char *name, int64_t *value, ct_failure *failure);

// MARK: magnets

typedef struct ct_magnet {
  /// 20 bytes, or NULL.
  const uint8_t *v1_hash;
  /// 32 bytes, or NULL.
  const uint8_t *v2_hash;
  const char *const *trackers;
  int32_t tracker_count;
  const ct_endpoint *peers;
  int32_t peer_count;
  /// "host:port,host:port"; may be empty.
  const char *dht_nodes;
  /// As in ct_options; one entry.
  const char *listen;
  const char *agent;
  uint8_t dht;
  int32_t timeout_ms;
  /// A larger info dictionary is not taken.
  int32_t limit_bytes;
} ct_magnet;

/// Learns the info dictionary of a magnet link from peers, and of version 2 the piece layer, and writes both as a .torrent
/// into `torrent`. Blocks up to `timeout_ms` and a second more. Its session is its own and ends with the call. A torrent
/// without its info dictionary, and one that learns its hashes from peers, are open to malice: call this only in a process
/// that can be thrown away.
ct_result ct_resolve_magnet(
    const ct_magnet *magnet, uint8_t *torrent, int32_t capacity, int32_t *bytes, ct_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
