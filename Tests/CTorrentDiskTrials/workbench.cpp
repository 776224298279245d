#include "workbench.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include <libtorrent/add_torrent_params.hpp>

namespace trials {

using namespace std::chrono_literals;

constexpr auto patience = 120s;

// heard_hooks

void heard_hooks::on_rotten(std::uint64_t number, int piece, char const* reason) noexcept {
  std::lock_guard lock(guard);
  rots.push_back({number, piece, reason});
  changed.notify_all();
}

void heard_hooks::on_released(std::uint64_t number) noexcept {
  std::lock_guard lock(guard);
  released.push_back(number);
  changed.notify_all();
}

std::size_t heard_hooks::rot_count() {
  std::lock_guard lock(guard);
  return rots.size();
}

bool heard_hooks::wait_released(std::uint64_t number) {
  std::unique_lock lock(guard);
  return changed.wait_for(lock, patience, [&] {
    return std::find(released.begin(), released.end(), number) != released.end();
  });
}

// watched_calls

void watched_calls::count_call() {
  if (std::this_thread::get_id() == network_thread) ++calls_on_network_thread;
}

ssize_t watched_calls::preadv(int descriptor, iovec const* parts, int count, off_t offset) {
  count_call();
  ++reads;
  if (read_errno) {
    errno = read_errno;
    return -1;
  }
  return disk_calls::preadv(descriptor, parts, count, offset);
}

ssize_t watched_calls::pwritev(int descriptor, iovec const* parts, int count, off_t offset) {
  count_call();
  ++writes;
  {
    std::unique_lock lock(guard_);
    ++blocked_writes_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !writes_are_shut_; });
    --blocked_writes_;
  }
  if (write_errno) {
    errno = write_errno;
    return -1;
  }
  return disk_calls::pwritev(descriptor, parts, count, offset);
}

int watched_calls::fstat(int descriptor, struct stat& status) {
  count_call();
  return disk_calls::fstat(descriptor, status);
}

int watched_calls::start_writeback(int descriptor, off_t offset, off_t length) {
  count_call();
  ++writebacks;
  return disk_calls::start_writeback(descriptor, offset, length);
}

void watched_calls::shut_writes() {
  std::lock_guard lock(guard_);
  writes_are_shut_ = true;
}

void watched_calls::open_writes() {
  std::lock_guard lock(guard_);
  writes_are_shut_ = false;
  changed_.notify_all();
}

bool watched_calls::wait_for_blocked_write() {
  std::unique_lock lock(guard_);
  return changed_.wait_for(lock, patience, [this] { return blocked_writes_ > 0; });
}

// test_file

test_file::test_file(std::string const& folder, std::int64_t size, bool is_empty) : path_(folder + "/trial.XXXXXX") {
  descriptor_ = ::mkstemp(path_.data());
  expect(descriptor_ >= 0, "mkstemp: " + std::to_string(errno));
  read_only_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (is_empty) {
    content_.resize(static_cast<std::size_t>(size));
    expect(::ftruncate(descriptor_, size) == 0, "ftruncate");
  } else {
    content_ = pattern(static_cast<std::uint64_t>(size), static_cast<std::size_t>(size));
    expect(::pwrite(descriptor_, content_.data(), content_.size(), 0) == size, "pwrite");
  }
}

test_file::~test_file() {
  ::close(descriptor_);
  ::close(read_only_);
  ::unlink(path_.c_str());
}

bytes test_file::read(std::int64_t offset, std::size_t length) const {
  bytes result(length);
  auto const got = ::pread(read_only_, result.data(), length, offset);
  result.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return result;
}

// workbench

workbench::workbench(std::shared_ptr<shoal::disk_calls> calls, int queued_bytes_max) {
  settings.set_int(lt::settings_pack::max_queued_disk_bytes, queued_bytes_max);
  if (auto* const watched = dynamic_cast<watched_calls*>(calls.get())) {
    watched->network_thread = std::this_thread::get_id();
  }
  disk = std::make_unique<shoal::session_disk>(network, settings, counters, table, hooks, std::move(calls));
}

// What is still unanswered stays so: its handlers may refer to what the trial had.
workbench::~workbench() { disk->abort(true); }

lt::storage_holder workbench::add(std::uint64_t number, std::int64_t size, int piece_bytes) {
  lt::file_storage files;
  files.set_piece_length(piece_bytes);
  files.add_file("blob", size);
  files.set_num_pieces(static_cast<int>((size + piece_bytes - 1) / piece_bytes));
  std::string const path = shoal::save_path(number);
  lt::aux::vector<lt::download_priority_t, lt::file_index_t> const priorities;
  lt::storage_params const params(files, nullptr, path, lt::storage_mode_sparse, priorities, lt::sha1_hash());
  return disk->new_torrent(params, nullptr);
}

bool workbench::run_until(std::function<bool()> const& done) {
  auto const deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    network.run_one_for(1s);
    if (network.stopped()) network.restart();
  }
  return true;
}

bool workbench::end(bool wait) {
  disk->abort(wait);
  if (network.stopped()) network.restart();
  network.run_for(patience);
  return network.stopped();
}

lt::storage_error workbench::write(lt::storage_index_t storage, int piece, int start, bytes const& data) {
  lt::storage_error result;
  bool done = false;
  disk->async_write(storage, block(piece, start, static_cast<int>(data.size())), data.data(), nullptr,
    [&](lt::storage_error const& error) {
      result = error;
      done = true;
    }, {});
  expect(run_until([&] { return done; }), "a write was not answered");
  return result;
}

lt::storage_error workbench::read(lt::storage_index_t storage, int piece, int start, int length, bytes& into) {
  lt::storage_error result;
  bool done = false;
  auto const answered = [&](lt::disk_buffer_holder buffer, lt::storage_error const& error) {
    result = error;
    into.assign(buffer.data(), buffer.data() + buffer.size());
    done = true;
  };
  disk->async_read(storage, block(piece, start, length), answered, {});
  expect(run_until([&] { return done; }), "a read was not answered");
  return result;
}

lt::storage_error workbench::hash(
  lt::storage_index_t storage, int piece, std::vector<lt::sha256_hash>& leaves, lt::sha1_hash& sha1) {
  lt::storage_error result;
  bool done = false;
  disk->async_hash(storage, lt::piece_index_t(piece), leaves, lt::disk_interface::v1_hash,
    [&](lt::piece_index_t, lt::sha1_hash const& hash, lt::storage_error const& error) {
      result = error;
      sha1 = hash;
      done = true;
    });
  expect(run_until([&] { return done; }), "a hash was not answered");
  return result;
}

lt::status_t workbench::check(
  lt::storage_index_t storage, lt::add_torrent_params const* resume, lt::storage_error& error) {
  lt::status_t result = lt::status_t::fatal_disk_error;
  bool done = false;
  disk->async_check_files(storage, resume, {}, [&](lt::status_t status, lt::storage_error const& failed) {
    result = status;
    error = failed;
    done = true;
  });
  expect(run_until([&] { return done; }), "a check was not answered");
  return result;
}

bytes pattern(std::uint64_t seed, std::size_t length) {
  std::mt19937_64 lots(seed);
  bytes result(length);
  for (auto& each : result) each = static_cast<char>(lots());
  return result;
}

lt::peer_request block(int piece, int start, int length) {
  lt::peer_request request;
  request.piece = lt::piece_index_t(piece);
  request.start = start;
  request.length = length;
  return request;
}

} // namespace trials
