// libtorrent's disk_interface. All of it is called on libtorrent's one thread and returns at once: no call of the
// system that could wait for a disk is made there.
#ifndef SHOAL_DISK_SESSION_HPP
#define SHOAL_DISK_SESSION_HPP

#include "disk_jobs.hpp"

#include <libtorrent/disk_interface.hpp>

namespace shoal {

class session_disk final : public lt::disk_interface {
public:
  session_disk(lt::io_context& network, lt::settings_interface const& settings, lt::counters& counters,
    std::shared_ptr<file_table> files, std::shared_ptr<disk_hooks> hooks, std::shared_ptr<disk_calls> calls);
  ~session_disk() override;

  using priorities = lt::aux::vector<lt::download_priority_t, lt::file_index_t>;

  lt::storage_holder new_torrent(lt::storage_params const& params, std::shared_ptr<void> const& torrent) override;
  void remove_torrent(lt::storage_index_t index) override;

  void async_read(lt::storage_index_t index, lt::peer_request const& request,
    std::function<void(lt::disk_buffer_holder, lt::storage_error const&)> handler, lt::disk_job_flags_t flags) override;
  bool async_write(lt::storage_index_t index, lt::peer_request const& request, char const* bytes,
    std::shared_ptr<lt::disk_observer> observer, std::function<void(lt::storage_error const&)> handler,
    lt::disk_job_flags_t flags) override;
  void async_hash(lt::storage_index_t index, lt::piece_index_t piece, lt::span<lt::sha256_hash> leaves,
    lt::disk_job_flags_t flags,
    std::function<void(lt::piece_index_t, lt::sha1_hash const&, lt::storage_error const&)> handler) override;
  void async_hash2(lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t flags,
    std::function<void(lt::piece_index_t, lt::sha256_hash const&, lt::storage_error const&)> handler) override;

  void async_clear_piece(
    lt::storage_index_t index, lt::piece_index_t piece, std::function<void(lt::piece_index_t)> handler) override;
  void async_release_files(lt::storage_index_t index, std::function<void()> handler) override;
  void async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) override;
  void async_move_storage(lt::storage_index_t index, std::string path, lt::move_flags_t flags,
    std::function<void(lt::status_t, std::string const&, lt::storage_error const&)> handler) override;
  void async_rename_file(lt::storage_index_t index, lt::file_index_t file, std::string name,
    std::function<void(std::string const&, lt::file_index_t, lt::storage_error const&)> handler) override;
  void async_delete_files(lt::storage_index_t index, lt::remove_flags_t options,
    std::function<void(lt::storage_error const&)> handler) override;
  void async_set_file_priority(lt::storage_index_t index, priorities wanted,
    std::function<void(lt::storage_error const&, priorities)> handler) override;
  void async_check_files(lt::storage_index_t index, lt::add_torrent_params const* resume_data,
    lt::aux::vector<std::string, lt::file_index_t> links,
    std::function<void(lt::status_t, lt::storage_error const&)> handler) override;

  void abort(bool wait) override;
  /// Lanes are woken by each job: nothing waits for this.
  void submit_jobs() override {}
  void settings_updated() override;
  void update_stats_counters(lt::counters& counters) const override;
  std::vector<lt::open_file_state> get_status(lt::storage_index_t) const override { return {}; }

private:
  shared_torrent const& torrent(lt::storage_index_t index) const;
  void refuse_write(shared_job const& write, int refusal);
  template <typename Hash> void accept_hash(std::shared_ptr<Hash> const& hash, urgency when);
  void fence(lt::storage_index_t index, int piece, std::function<void()> then);

  lt::settings_interface const& settings_;
  disk_parts parts_;
  std::vector<shared_torrent> torrents_;
  std::vector<std::size_t> free_;
};

} // namespace shoal

#endif
