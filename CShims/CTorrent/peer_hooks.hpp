// What libtorrent tells of one connection, and what it is told to do with it, on its own thread.
#ifndef SHOAL_PEER_HOOKS_HPP
#define SHOAL_PEER_HOOKS_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <unordered_map>
#include <vector>

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>

#include "torrent_hooks.hpp"
#include "words.hpp"

namespace shoal {

class peer_hooks final : public lt::peer_plugin {
public:
  peer_hooks(lt::peer_connection_handle const& peer, std::shared_ptr<live_torrent> torrent,
    std::shared_ptr<event_queue> events, std::shared_ptr<word_queue> words);
  ~peer_hooks() override;
  peer_hooks(peer_hooks const&) = delete;
  peer_hooks& operator=(peer_hooks const&) = delete;

  void on_connected() override;
  bool on_handshake(lt::span<char const> reserved) override;
  void on_piece_failed(lt::piece_index_t piece) override;
  void on_disconnect(lt::error_code const& error) override;

  bool on_have_all() override;
  bool on_bitfield(lt::bitfield const& pieces) override;
  bool on_have(lt::piece_index_t piece) override;
  bool on_suggest(lt::piece_index_t piece) override;

  void sent_request(lt::peer_request const& block) override;
  bool on_piece(lt::peer_request const& block, lt::span<char const> bytes) override;
  bool on_reject(lt::peer_request const& block) override;

  lt::address address() const { return m_peer.remote().address(); }

  /// Owes blocks, and sent none of those for so long.
  bool is_silent_for(std::chrono::microseconds patience) const;
  /// Ends the connection as one that failed: it is not tried again at once.
  void let_go();

  /// Says to the peer that these pieces are here.
  void show(std::vector<int> const& pieces);
  /// Says to it that all are.
  void open();
  /// Ends the connection; when it comes again it is taken at its word.
  void cut();
  /// Says to it that we would like these.
  void suggest(std::vector<int> const& pieces);
  /// Asks it for so many blocks ahead at the most.
  void deepen(int blocks);

  /// Says all that was said of this peer once more, as it is now.
  void tell_again();

private:
  void send_at_once();
  void turn_away();
  void tell_dialled();
  void speak_of_hashes(bool speak);
  void dial_no_more();
  lt::torrent_peer* record() const;

  void join();
  void leave();
  void tell(ct_word_kind kind, int piece = 0, int count = 0, int flags = 0);
  void tell_runs(lt::bitfield const& pieces);
  bool may_veil() const;
  void veil();
  /// Whether it was veiled.
  bool unveil();
  void tell_banned();
  void count(lt::peer_request const& block);
  void count(std::int64_t now, std::int64_t delay);
  void send(std::vector<char> const& bytes);

  lt::peer_connection_handle m_peer;
  std::shared_ptr<live_torrent> m_torrent;
  std::shared_ptr<event_queue> m_events;
  std::shared_ptr<word_queue> m_words;
  /// 0: no words are told of it, not yet or not any more.
  std::uint32_t m_number = 0;
  int m_joined_flags = 0;
  /// It hides what it has as we do, by its name.
  bool m_hides = false;
  /// It said that it has everything, which libtorrent does not know: what it shows is all that is asked of it.
  bool m_veiled = false;
  /// That was so once.
  bool m_met = false;

  /// When it began to owe blocks, or sent one that it owed, in microseconds.
  std::int64_t m_silent_since = 0;
  /// Blocks that were asked for, and when, in microseconds.
  std::unordered_map<std::uint64_t, std::int64_t> m_asked;
  int m_blocks = 0;
  std::int64_t m_least_delay = std::numeric_limits<std::int64_t>::max();

  friend void tell_paces(live_torrent& torrent, std::int64_t now);
};

/// The two digits in the name of a peer (`-SH0201-…`: release 0.2, hiding 1) that both sides must have alike.
constexpr int hiding_version = 1;

ct_endpoint plain_endpoint(lt::tcp::endpoint const& endpoint);

} // namespace shoal

#endif
