#include "torrent_hooks.hpp"

#include "failure.hpp"
#include "peer_hooks.hpp"

namespace shoal {

namespace {

class torrent_hooks final : public lt::torrent_plugin {
public:
  torrent_hooks(std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events,
    std::shared_ptr<word_queue> words)
      : m_torrent(std::move(torrent)), m_events(std::move(events)), m_words(std::move(words)) {}

  std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const& peer) override {
    std::shared_ptr<lt::peer_plugin> hooks;
    quietly([&] { hooks = std::make_shared<peer_hooks>(peer, m_torrent, m_events, m_words); });
    return hooks;
  }

  void on_piece_pass(lt::piece_index_t piece) override {
    if (!m_torrent->read_only) m_events->push(CT_EVENT_PIECE, m_torrent->number, static_cast<int>(piece));
  }

  void on_state(lt::torrent_status::state_t state) override {
    bool const whole = state == lt::torrent_status::seeding || state == lt::torrent_status::finished;
    if (whole) m_torrent->whole = true;
    if (m_torrent->read_only) {
      if (m_torrent->checked && !whole)
        m_events->push(CT_EVENT_ROTTEN, m_torrent->number, -1, 0, "a piece does not have its hash");
    } else if (state == lt::torrent_status::checking_files) {
      // The file holds something: a torrent that is paused would not look at it.
      resume();
    }
  }

  void on_files_checked() override {
    if (m_torrent->checked.exchange(true) || m_torrent->read_only) return;
    // Known peers are connected to at once by a resume after the check. One that was resumed for its check meets them on
    // libtorrent's tick: to pause it here would cut who has come meanwhile, and they would stay away for long.
    resume();
  }

private:
  void resume() {
    m_torrent->may_resume = true;
    m_events->push(CT_EVENT_RESUME, m_torrent->number);
  }

  std::shared_ptr<live_torrent> m_torrent;
  std::shared_ptr<event_queue> m_events;
  std::shared_ptr<word_queue> m_words;
};

} // namespace

std::shared_ptr<lt::torrent_plugin> make_torrent_hooks(
  std::shared_ptr<live_torrent> torrent, std::shared_ptr<event_queue> events, std::shared_ptr<word_queue> words) {
  return std::make_shared<torrent_hooks>(std::move(torrent), std::move(events), std::move(words));
}

} // namespace shoal
