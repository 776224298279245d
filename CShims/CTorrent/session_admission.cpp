// Who may connect, and how fast.
#include <utility>

#include <libtorrent/ip_filter.hpp>
#include <libtorrent/peer_class.hpp>

#include "failure.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace shoal {

void session::admit(std::string const& text, bool admitted) {
  lt::error_code error;
  auto const address = lt::make_address(text, error);
  if (error) throw refusal(CT_INVALID, "no IP address: " + text);
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    if (admitted) m_admitted.insert(address); else m_admitted.erase(address);
  }
  if (m_registered_only) filter_addresses();
}

/// Whoever is not named is cut before a byte of the handshake, in both directions; open connections too.
void session::filter_addresses() {
  lt::ip_filter filter;
  filter.add_rule(lt::address_v4::any(), lt::address_v4::broadcast(), lt::ip_filter::blocked);
  filter.add_rule(lt::address_v6::any(), lt::make_address_v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    lt::ip_filter::blocked);
  {
    std::lock_guard<std::mutex> const lock(m_mutex);
    for (auto const& address : m_admitted) filter.add_rule(address, address, 0);
  }
  running()->set_ip_filter(filter);
}

/// By itself libtorrent counts peers on private and loopback addresses in a class of their own and in no other: a limit for
/// all would be one for the others.
void session::count_near_peers_with_all() {
  auto const session = running();
  std::uint32_t const near = 1u << static_cast<std::uint32_t>(lt::session::local_peer_class_id);
  std::uint32_t const all = 1u << static_cast<std::uint32_t>(lt::session::global_peer_class_id);
  lt::ip_filter classes = session->get_peer_class_filter();
  auto const [four, six] = classes.export_filter();
  for (auto const& range : four)
    if (range.flags & near) classes.add_rule(range.first, range.last, range.flags | all);
  for (auto const& range : six)
    if (range.flags & near) classes.add_rule(range.first, range.last, range.flags | all);
  session->set_peer_class_filter(classes);
  m_classes = classes;
}

/// Among those of its own class and of all; no longer, or again, among the near ones.
void session::place(std::string const& text, bool is_far) {
  lt::error_code error;
  auto const address = lt::make_address(text, error);
  if (error) throw refusal(CT_INVALID, "no IP address: " + text);
  auto const session = running();
  auto const mask = [](lt::peer_class_t peers) { return 1u << static_cast<std::uint32_t>(peers); };
  std::uint32_t const near = mask(lt::session::local_peer_class_id) | mask(lt::session::global_peer_class_id);
  std::uint32_t const far = mask(m_far_class) | mask(lt::session::global_peer_class_id);
  // Handed over under the lock, which does not wait: so none overtakes a later one.
  std::lock_guard<std::mutex> const lock(m_mutex);
  m_classes.add_rule(address, address, is_far ? far : near);
  session->set_peer_class_filter(m_classes);
}

void session::set_rates(ct_rates const& rates) {
  auto const session = running();
  lt::settings_pack settings;
  shoal::set_rates(settings, rates);
  session->apply_settings(std::move(settings));
  set_class_rates(lt::session::local_peer_class_id, rates.near_upload, rates.near_download);
  set_class_rates(m_far_class, rates.far_upload, rates.far_download);
}

void session::set_class_rates(lt::peer_class_t peers, int upload, int download) {
  auto const session = running();
  auto known = session->get_peer_class(peers);
  known.upload_limit = upload;
  known.download_limit = download;
  // Members are not choked for each other's sake, near or far; libtorrent says that of near ones alone.
  known.ignore_unchoke_slots = true;
  session->set_peer_class(peers, known);
}

void session::expect(ct_endpoint const& peer) {
  auto const endpoint = endpoint_of(peer);
  running();
  if (m_expected) m_expected->expect(endpoint);
}

} // namespace shoal
