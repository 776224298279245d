#include "disk_fence.hpp"
#include "disk_hash.hpp"
#include "disk_read.hpp"
#include "disk_session.hpp"
#include "disk_write.hpp"

#include <cerrno>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/settings_pack.hpp>
#include <libtorrent/torrent_flags.hpp>

namespace shoal {

namespace {

/// libtorrent puts a pad file of its own behind a v2 file that does not fill its last piece.
bool is_one_file(lt::file_storage const& files) {
  for (int index = 1; index < files.num_files(); ++index) {
    if (!files.pad_file_at(lt::file_index_t{index})) return false;
  }
  return files.num_files() > 0 && !files.pad_file_at(lt::file_index_t{0});
}

lt::storage_error invalid(lt::operation_t operation) {
  return {lt::errors::invalid_request, lt::file_index_t{0}, operation};
}

lt::storage_error unsupported(lt::operation_t operation) { return failure(EOPNOTSUPP, operation); }

// A torrent's last use may be on libtorrent's thread and may close its file, which for an unlinked one can take long.
class farewell final : public lane_work {
public:
  explicit farewell(stored_torrent* last) : last_(last) {}
  void run(work_batch const&) noexcept override {
    auto const hooks = last_->parts.hooks;
    auto const number = last_->file->number();
    last_.reset();
    if (hooks) hooks->on_released(number);
  }

private:
  std::unique_ptr<stored_torrent> last_;
};

void close_later(stored_torrent* last) {
  auto& tidying = last->parts.tidying;
  auto const work = std::make_shared<farewell>(last);
  if (!tidying.push(work)) work->run({});
}

} // namespace

session_disk::session_disk(lt::io_context& network, lt::settings_interface const& settings, lt::counters& counters,
  std::shared_ptr<file_table> files, std::shared_ptr<disk_hooks> hooks, std::shared_ptr<disk_calls> calls)
  : settings_(settings), parts_(network, counters, std::move(files), std::move(hooks), std::move(calls)) {
  settings_updated();
}

session_disk::~session_disk() {
  abort(true);
  torrents_.clear();
  parts_.answered.drop(); // none, unless libtorrent's thread was stopped and not ended
}

void session_disk::settings_updated() {
  parts_.gate.set_high_mark(settings_.get_int(lt::settings_pack::max_queued_disk_bytes) / block_bytes);
}

void session_disk::abort(bool wait) { parts_.abort(wait); }

// torrents

lt::storage_holder session_disk::new_torrent(lt::storage_params const& params, std::shared_ptr<void> const&) {
  // Handlers keep libtorrent's torrent alive; the storage need not, and must not, since it ends on other threads.
  auto const number = file_number(params.path).value_or(0);
  std::shared_ptr<open_file> file;
  bool const is_one = is_one_file(params.files);
  if (is_one) file = parts_.files.find(number);
  if (!file) file = std::make_shared<open_file>(number, shared_descriptor(), 0, false);
  std::int64_t const size = is_one ? params.files.file_size(lt::file_index_t{0}) : 0;
  shared_torrent torrent(
    new stored_torrent(parts_, std::move(file), size, params.files.piece_length()), close_later);

  std::size_t index = torrents_.size();
  if (free_.empty()) {
    torrents_.push_back(std::move(torrent));
    free_.reserve(torrents_.size()); // so that remove_torrent, called by a destructor, needs no memory
  } else {
    index = free_.back();
    free_.pop_back();
    torrents_[index] = std::move(torrent);
  }
  return {lt::storage_index_t(static_cast<std::uint32_t>(index)), *this};
}

void session_disk::remove_torrent(lt::storage_index_t index) {
  auto const place = static_cast<std::size_t>(static_cast<std::uint32_t>(index));
  torrents_[place].reset();
  free_.push_back(place);
}

shared_torrent const& session_disk::torrent(lt::storage_index_t index) const {
  return torrents_[static_cast<std::size_t>(static_cast<std::uint32_t>(index))];
}

// blocks and pieces

void session_disk::async_read(
  lt::storage_index_t index, lt::peer_request const& request, read_handler handler, lt::disk_job_flags_t) {
  auto const read = std::make_shared<read_job>(torrent(index), request, std::move(handler));
  ++parts_.files.read_jobs;
  if (parts_.is_aborted) return refuse(read, parts_, aborted());
  if (!read->torrent->is_range(read->piece, request.start, request.length)) {
    return refuse(read, parts_, invalid(lt::operation_t::file_read));
  }
  {
    std::lock_guard lock(read->torrent->guard);
    accept(read);
    read->pin_blocks();
  }
  if (!parts_.reading.push(read)) read->run({read});
}

bool session_disk::async_write(lt::storage_index_t index, lt::peer_request const& request, char const* bytes,
  std::shared_ptr<lt::disk_observer> observer, write_handler handler, lt::disk_job_flags_t) {
  auto const write = std::make_shared<write_job>(torrent(index), request, std::move(handler));
  auto const& torrent = write->torrent;
  if (parts_.is_aborted) return refuse(write, parts_, aborted()), false;
  int const length = torrent->real_length(write->piece, request.start, request.length);
  if (length == 0) {
    return refuse(write, parts_, invalid(lt::operation_t::file_write)), false;
  }
  int refusal = 0;
  write->opened = torrent->file->write_accepted(refusal);
  if (!write->opened) return refuse_write(write, refusal), false;
  char* const copy = parts_.pool.take_for_write();
  if (!copy) {
    torrent->file->write_ended();
    lt::storage_error const no_memory{lt::errors::no_memory, lt::file_index_t{0}, lt::operation_t::alloc_cache_piece};
    return refuse(write, parts_, no_memory), false;
  }
  std::copy_n(bytes, length, copy);
  write->block = std::make_shared<written_block>(parts_.pool, parts_.gate, copy, length, parts_.files.buffered_bytes);
  accept_write(write);
  return parts_.gate.is_shut(observer);
}

void session_disk::refuse_write(shared_job const& write, int refusal) {
  ++parts_.files.refused_writes;
  auto const& file = *write->torrent->file;
  if (refusal == EROFS && parts_.hooks && write->torrent->file->is_first_rot()) {
    parts_.hooks->on_rotten(file.number(), write->piece, "was about to be written to");
  }
  refuse(write, parts_, failure(refusal, lt::operation_t::file_write));
}

void session_disk::async_hash(lt::storage_index_t index, lt::piece_index_t piece, lt::span<lt::sha256_hash> leaves,
  lt::disk_job_flags_t flags, piece_hash_handler handler) {
  bool const with_sha1 = bool(flags & lt::disk_interface::v1_hash);
  auto const hash =
    std::make_shared<hash_job>(torrent(index), static_cast<int>(piece), leaves, with_sha1, std::move(handler));
  // volatile_read: libtorrent checks a whole file. Pieces that somebody waits for come first.
  accept_hash(hash, flags & lt::disk_interface::volatile_read ? urgency::when_idle : urgency::soon);
}

void session_disk::async_hash2(lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t,
  block_hash_handler handler) {
  auto const hash =
    std::make_shared<block_hash_job>(torrent(index), static_cast<int>(piece), offset, std::move(handler));
  accept_hash(hash, urgency::soon);
}

template <typename Hash> void session_disk::accept_hash(std::shared_ptr<Hash> const& hash, urgency when) {
  if (parts_.is_aborted) return refuse(hash, parts_, aborted());
  if (!hash->is_valid()) return refuse(hash, parts_, invalid(lt::operation_t::file_read));
  {
    std::lock_guard lock(hash->torrent->guard);
    accept(hash);
    hash->pin_blocks();
  }
  if (!parts_.hashing.push(hash, when)) hash->run({hash});
}

// fences: nothing here has a name or a folder, so most have nothing to do but to come after what was before them

void session_disk::fence(lt::storage_index_t index, int piece, std::function<void()> then) {
  accept_fence(std::make_shared<fence_job>(torrent(index), piece, std::move(then)));
}

void session_disk::async_clear_piece(
  lt::storage_index_t index, lt::piece_index_t piece, std::function<void(lt::piece_index_t)> handler) {
  fence(index, static_cast<int>(piece), [piece, handler = std::move(handler)] { handler(piece); });
}

void session_disk::async_release_files(lt::storage_index_t index, std::function<void()> handler) {
  fence(index, -1, std::move(handler));
}

void session_disk::async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) {
  fence(index, -1, std::move(handler));
}

void session_disk::async_move_storage(lt::storage_index_t index, std::string path, lt::move_flags_t,
  std::function<void(lt::status_t, std::string const&, lt::storage_error const&)> handler) {
  fence(index, -1, [path = std::move(path), handler = std::move(handler)] {
    handler(lt::status_t::fatal_disk_error, path, unsupported(lt::operation_t::file_rename));
  });
}

void session_disk::async_rename_file(lt::storage_index_t index, lt::file_index_t file, std::string name,
  std::function<void(std::string const&, lt::file_index_t, lt::storage_error const&)> handler) {
  fence(index, -1, [file, name = std::move(name), handler = std::move(handler)] { handler(name, file, {}); });
}

void session_disk::async_delete_files(
  lt::storage_index_t index, lt::remove_flags_t, std::function<void(lt::storage_error const&)> handler) {
  fence(index, -1, [handler = std::move(handler)] { handler(unsupported(lt::operation_t::file_remove)); });
}

void session_disk::async_set_file_priority(lt::storage_index_t index, priorities wanted,
  std::function<void(lt::storage_error const&, priorities)> handler) {
  fence(index, -1, [wanted = std::move(wanted), handler = std::move(handler)] { handler({}, wanted); });
}

void session_disk::async_check_files(lt::storage_index_t index, lt::add_torrent_params const* resume_data,
  lt::aux::vector<std::string, lt::file_index_t>, std::function<void(lt::status_t, lt::storage_error const&)> handler) {
  auto claimed = claim::recheck;
  if (resume_data) {
    bool const has_claims = !resume_data->have_pieces.empty() || (resume_data->flags & lt::torrent_flags::seed_mode);
    claimed = has_claims ? claim::pieces : claim::nothing;
  }
  accept_fence(std::make_shared<check_job>(torrent(index), claimed, std::move(handler)));
}

// numbers

void session_disk::update_stats_counters(lt::counters& counters) const {
  counters.set_value(lt::counters::num_read_jobs, parts_.files.read_jobs);
  counters.set_value(lt::counters::num_write_jobs, parts_.gate.blocks());
  counters.set_value(lt::counters::num_jobs, parts_.jobs());
  counters.set_value(lt::counters::queued_disk_jobs,
    static_cast<std::int64_t>(parts_.reading.queued() + parts_.hashing.queued() + parts_.writing.queued()));
  counters.set_value(lt::counters::disk_blocks_in_use, parts_.pool.blocks_in_use());
}

std::unique_ptr<lt::disk_interface> make_disk(lt::io_context& context, lt::settings_interface const& settings,
  lt::counters& counters, std::shared_ptr<file_table> files, std::shared_ptr<disk_hooks> hooks) {
  return std::make_unique<session_disk>(
    context, settings, counters, std::move(files), std::move(hooks), std::make_shared<disk_calls>());
}

} // namespace shoal
