// Work that only libtorrent's own thread may do.
#ifndef SHOAL_ON_THREAD_HPP
#define SHOAL_ON_THREAD_HPP

#include <memory>
#include <utility>

#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

#include "failure.hpp"

namespace shoal {

/// Runs `body` there soon, in the order of these calls; never if the torrent goes first. Any thread may ask. Throws
/// CT_UNKNOWN when it has gone.
///
/// A plugin's maker is called there, at once and without a tick, and adds nothing when it makes nothing.
template <typename Body>
void on_thread(lt::torrent_handle handle, Body body) {
  try {
    handle.add_extension([body = std::move(body)](lt::torrent_handle const&, lt::client_data_t) mutable {
      quietly(body);
      return std::shared_ptr<lt::torrent_plugin>();
    });
  } catch (boost::system::system_error const& error) {
    if (error.code() != lt::errors::make_error_code(lt::errors::invalid_torrent_handle)) throw;
    throw refusal(CT_UNKNOWN, "the torrent has gone");
  }
}

} // namespace shoal

#endif
