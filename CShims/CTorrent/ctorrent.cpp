// The functions of ctorrent.h over `shoal::session`: nothing but the wall.
#include "ctorrent.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <libtorrent/version.hpp>

#include "failure.hpp"
#include "peer_hooks.hpp"
#include "session.hpp"

struct ct_session {
  explicit ct_session(ct_options const& options) : inner(options) {}
  shoal::session inner;
};

using shoal::guarded;
using shoal::quietly;

extern "C" {

const char* ct_version(void) { return lt::version(); }

const char* ct_defines(void) {
  return ""
#ifdef TORRENT_LINKING_SHARED
         "TORRENT_LINKING_SHARED "
#endif
#ifdef BOOST_ASIO_ENABLE_CANCELIO
         "BOOST_ASIO_ENABLE_CANCELIO "
#endif
#ifdef BOOST_ASIO_NO_DEPRECATED
         "BOOST_ASIO_NO_DEPRECATED "
#endif
#ifdef TORRENT_USE_OPENSSL
         "TORRENT_USE_OPENSSL "
#endif
#ifdef TORRENT_USE_LIBCRYPTO
         "TORRENT_USE_LIBCRYPTO "
#endif
#ifdef TORRENT_SSL_PEERS
         "TORRENT_SSL_PEERS "
#endif
#ifdef OPENSSL_NO_SSL2
         "OPENSSL_NO_SSL2 "
#endif
#ifdef BOOST_ALL_NO_LIB
         "BOOST_ALL_NO_LIB "
#endif
#ifdef __cpp_exceptions
         "exceptions "
#endif
    ;
}

ct_result ct_session_open(const ct_options* options, ct_session** session, ct_failure* failure) {
  return guarded(failure, [&] { *session = new ct_session(*options); });
}

void ct_session_close(ct_session* session) { session->inner.close(); }

void ct_session_free(ct_session* session) {
  quietly([&] { delete session; });
}

int32_t ct_session_endpoints(ct_session* session, ct_endpoint* endpoints, int32_t capacity) {
  int32_t count = 0;
  quietly([&] {
    auto const known = session->inner.endpoints();
    count = static_cast<int32_t>(known.size());
    std::copy_n(known.begin(), std::min(count, capacity), endpoints);
  });
  return count;
}

ct_result ct_session_admit(ct_session* session, const char* address, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.admit(address, true); });
}

ct_result ct_session_dismiss(ct_session* session, const char* address, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.admit(address, false); });
}

ct_result ct_session_expect(ct_session* session, ct_endpoint from, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.expect(from); });
}

ct_result ct_session_place(ct_session* session, const char* address, uint8_t is_far, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.place(address, is_far != 0); });
}

ct_result ct_session_set_rates(ct_session* session, ct_rates rates, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.set_rates(rates); });
}

ct_result ct_torrent_prepare(ct_session* session, const ct_torrent* torrent, uint64_t* number, ct_failure* failure) {
  return guarded(failure, [&] { *number = session->inner.prepare(*torrent); });
}

ct_result ct_torrent_start(ct_session* session, uint64_t number, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.start(number); });
}

ct_result ct_torrent_settle(ct_session* session, uint64_t number, int32_t descriptor, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.settle(number, descriptor); });
}

ct_result ct_torrent_introduce(
  ct_session* session, uint64_t number, const ct_endpoint* peers, int32_t peer_count, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.introduce(number, shoal::endpoints_of(peers, peer_count)); });
}

ct_result ct_torrent_hurry(
  ct_session* session, uint64_t number, int32_t first_piece, int32_t count, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.hurry(number, first_piece, count); });
}

ct_result ct_torrent_give(ct_session* session, uint64_t number, int32_t piece, const uint8_t* bytes, int32_t count,
  ct_failure* failure) {
  return guarded(
    failure, [&] { session->inner.give(number, piece, std::vector<char>(bytes, bytes + std::max(count, 0))); });
}

ct_result ct_torrent_shed(ct_session* session, uint64_t number, int32_t silent_ms, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.shed(number, std::chrono::milliseconds(silent_ms)); });
}

ct_result ct_torrent_reveal(ct_session* session, uint64_t number, uint32_t peer, const int32_t* pieces, int32_t count,
  ct_failure* failure) {
  return guarded(failure, [&] {
    session->inner.with_peer(
      number, peer, [shown = std::vector<int>(pieces, pieces + count)](shoal::peer_hooks& to) { to.show(shown); });
  });
}

ct_result ct_torrent_open(ct_session* session, uint64_t number, uint32_t peer, ct_failure* failure) {
  return guarded(
    failure, [&] { session->inner.with_peer(number, peer, [](shoal::peer_hooks& to) { to.open(); }); });
}

ct_result ct_torrent_cut(ct_session* session, uint64_t number, uint32_t peer, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.with_peer(number, peer, [](shoal::peer_hooks& to) { to.cut(); }); });
}

ct_result ct_torrent_suggest(ct_session* session, uint64_t number, uint32_t peer, const int32_t* pieces, int32_t count,
  ct_failure* failure) {
  return guarded(failure, [&] {
    session->inner.with_peer(
      number, peer, [wanted = std::vector<int>(pieces, pieces + count)](shoal::peer_hooks& to) { to.suggest(wanted); });
  });
}

ct_result ct_torrent_deepen(
  ct_session* session, uint64_t number, uint32_t peer, int32_t blocks, ct_failure* failure) {
  return guarded(
    failure, [&] { session->inner.with_peer(number, peer, [blocks](shoal::peer_hooks& to) { to.deepen(blocks); }); });
}

ct_result ct_torrent_remove(ct_session* session, uint64_t number, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.remove(number); });
}

int32_t ct_session_wait(ct_session* session, ct_event* events, int32_t capacity, int32_t timeout_ms) {
  int32_t count = 0;
  quietly([&] { count = session->inner.wait(events, capacity, timeout_ms); });
  return count;
}

int32_t ct_session_words(ct_session* session, ct_word* words, int32_t capacity) {
  return session->inner.words(words, capacity);
}

ct_result ct_session_tell_again(ct_session* session, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.tell_again(); });
}

ct_result ct_session_refresh(ct_session* session, ct_failure* failure) {
  return guarded(failure, [&] { session->inner.refresh(); });
}

int32_t ct_session_statuses(ct_session* session, ct_status* statuses, int32_t capacity) {
  int32_t count = 0;
  quietly([&] {
    auto const known = session->inner.statuses();
    count = static_cast<int32_t>(known.size());
    std::copy_n(known.begin(), std::min(count, capacity), statuses);
  });
  return count;
}

ct_result ct_torrent_peers(ct_session* session, uint64_t number, ct_peer* peers, int32_t capacity, int32_t* count,
  ct_failure* failure) {
  return guarded(failure, [&] {
    auto const known = session->inner.peers(number);
    *count = static_cast<int32_t>(known.size());
    std::copy_n(known.begin(), std::min(*count, capacity), peers);
  });
}

void ct_session_disk(ct_session* session, ct_disk_numbers* numbers) {
  quietly([&] {
    auto const now = session->inner.disk();
    *numbers = {now.buffered_bytes, now.read_jobs, now.written_bytes, now.refused_writes, now.rotten_reads};
  });
}

ct_result ct_session_setting(ct_session* session, const char* name, int64_t* value, ct_failure* failure) {
  return guarded(failure, [&] { *value = session->inner.setting(name); });
}
}
