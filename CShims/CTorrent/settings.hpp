#ifndef SHOAL_SETTINGS_HPP
#define SHOAL_SETTINGS_HPP

#include <libtorrent/session.hpp>
#include <libtorrent/settings_pack.hpp>

#include "ctorrent.h"

namespace shoal {

/// The settings of a session that does not listen yet.
lt::settings_pack settings_for(ct_options const& options);

/// Neither rates nor choking differ between the two roles: `near` rates belong to a peer class, not to these.
void set_rates(lt::settings_pack& settings, ct_rates const& rates);

/// Starts the DHT, once the sockets are open: libtorrent tells one that was started before them of no entrance, and it stays
/// alone.
void enter_dht(lt::session& session, char const* entrances);

} // namespace shoal

#endif
