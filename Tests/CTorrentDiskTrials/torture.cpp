// Random calls against a model in memory, with slow, short and failing system calls beneath. What is asked:
// each handler is called exactly once, on the caller's thread; what is read or hashed is what was accepted before; a
// piece whose hash was answered is in the file; and in the end nothing is left: no buffer, no job, no thread.
#include "torture.hpp"

#include <cerrno>

namespace trials {

using namespace std::chrono_literals;

// shaky_calls

bool shaky_calls::happens(int in_a_thousand) {
  std::lock_guard lock(guard_);
  return static_cast<int>(lots_() % 1000) < in_a_thousand;
}

void shaky_calls::dawdle() {
  if (happens(30)) std::this_thread::sleep_for(std::chrono::microseconds(500 + 50 * (happens(100) ? 60 : 1)));
}

ssize_t shaky_calls::preadv(int descriptor, iovec const* parts, int count, off_t offset) {
  dawdle();
  if (happens(20)) return errno = EINTR, -1;
  if (fails && happens(10)) return errno = EIO, -1;
  if (happens(30)) return disk_calls::preadv(descriptor, parts, 1, offset);
  return disk_calls::preadv(descriptor, parts, count, offset);
}

ssize_t shaky_calls::pwritev(int descriptor, iovec const* parts, int count, off_t offset) {
  dawdle();
  if (happens(20)) return errno = EINTR, -1;
  if (fails && happens(10)) return errno = ENOSPC, -1;
  if (!happens(50)) return disk_calls::pwritev(descriptor, parts, count, offset);
  iovec half = parts[0];
  half.iov_len = (half.iov_len + 1) / 2;
  return disk_calls::pwritev(descriptor, &half, 1, offset);
}

// tortured_torrent

tortured_torrent::tortured_torrent(workbench& bench, std::string const& folder, std::int64_t size, int piece_bytes)
  : file(folder, size, true), size(size), piece_bytes(piece_bytes),
    pieces(static_cast<int>((size + piece_bytes - 1) / piece_bytes)),
    number(bench.table->add(file.descriptor(), size, true)), storage(bench.add(number, size, piece_bytes)),
    model(static_cast<std::size_t>(size)), spoiled(static_cast<std::size_t>((size + block_size - 1) / block_size)),
    asked(static_cast<std::size_t>(pieces)) {}

int tortured_torrent::piece_length(int piece) const {
  return static_cast<int>(std::min<std::int64_t>(piece_bytes, size - std::int64_t(piece) * piece_bytes));
}

// torture

torture::torture(std::string const& folder, std::uint64_t seed)
  : folder_(folder), lots_(seed), network_thread_(std::this_thread::get_id()),
    calls_(std::make_shared<shaky_calls>(seed)), bench_(calls_, 2 << 20) {
  calls_->fails = seed % 2 == 0;
  for (int count = 0; count < 3; ++count) {
    int const piece_bytes = block_size << lot(4);
    std::int64_t const size = 1 + lot(40 * piece_bytes);
    torrents_.push_back(std::make_unique<tortured_torrent>(bench_, folder_, size, piece_bytes));
  }
}

int torture::expect_answer(char const* kind, tortured_torrent const& torrent, int piece) {
  answers_.push_back({kind, &torrent, piece, 0});
  ++pending_;
  return static_cast<int>(answers_.size()) - 1;
}

void torture::answered(int which) {
  must(std::this_thread::get_id() == network_thread_, "a handler was called on another thread");
  auto& answer = answers_[static_cast<std::size_t>(which)];
  must(++answer.times == 1, std::string(answer.kind) + " was answered twice");
  --pending_;
}

// All that was asked before the fence `which`, of its piece or of its torrent, has its answer.
void torture::fence_answered(int which) {
  answered(which);
  auto const& fence = answers_[static_cast<std::size_t>(which)];
  for (int place = 0; place < which; ++place) {
    auto const& before = answers_[static_cast<std::size_t>(place)];
    if (before.torrent != fence.torrent) continue;
    if (fence.piece >= 0 && before.piece >= 0 && before.piece != fence.piece) continue;
    must(before.times == 1, std::string("a fence was answered before a ") + before.kind);
  }
}

// Told at the end: a handler that throws would leave the others behind.
void torture::must(bool holds, std::string const& what) {
  if (!holds && failure_.empty()) failure_ = what;
}

void torture::run(int steps) {
  for (int step = 0; step < steps; ++step) {
    auto& torrent = *torrents_[static_cast<std::size_t>(lot(static_cast<int>(torrents_.size())))];
    do_something(torrent);
    if (lot(3) == 0) bench_.network.poll();
    if (lot(50) == 0) held_.clear();
    if (pending_ > 400) must(bench_.run_until([&] { return pending_ < 100; }), "jobs do not end");
  }
  finish();
  expect(failure_.empty(), failure_);
}

void torture::do_something(tortured_torrent& torrent) {
  int const kind = lot(100);
  if (kind < 45) return write(torrent);
  if (kind < 70) return read(torrent);
  if (kind < 84) return hash(torrent);
  if (kind < 90) return hash_block(torrent);
  if (kind < 94) return clear(torrent);
  fence(torrent, kind);
}

void torture::write(tortured_torrent& torrent) {
  int const piece = lot(torrent.pieces);
  // libtorrent does not write to what it reads or hashes, nor is it said what that would see.
  if (torrent.asked[static_cast<std::size_t>(piece)] > 0) return;
  int const start = block_size * lot((torrent.piece_length(piece) + block_size - 1) / block_size);
  int const length = std::min(block_size, torrent.piece_length(piece) - start);
  auto const data = pattern(lots_(), static_cast<std::size_t>(length));
  auto const offset = torrent.offset(piece, start);
  std::copy(data.begin(), data.end(), torrent.model.begin() + offset);
  auto& spoiled = torrent.spoiled[static_cast<std::size_t>(offset / block_size)];
  auto const observer = std::make_shared<torture_observer>();
  int const answer = expect_answer("write", torrent, piece);
  bool const is_over = bench_.disk->async_write(torrent.storage, block(piece, start, length), data.data(), observer,
    [this, answer, &spoiled](lt::storage_error const& error) {
      answered(answer);
      if (error) ++spoiled;
      must(!error || error.ec.value() == ENOSPC, "a write failed with " + error.ec.message());
    }, {});
  if (is_over) observers_.push_back(observer);
}

void torture::read(tortured_torrent& torrent) {
  int const piece = lot(torrent.pieces);
  int const start = lot(3) ? block_size * lot((torrent.piece_length(piece) + block_size - 1) / block_size)
                           : lot(torrent.piece_length(piece));
  int const length = std::min(lot(3) ? block_size : 1 + lot(block_size), torrent.piece_length(piece) - start);
  auto const wanted = torrent.expected(piece, start, length);
  int const answer = expect_answer("read", torrent, piece);
  ++torrent.asked[static_cast<std::size_t>(piece)];
  bench_.disk->async_read(torrent.storage, block(piece, start, length),
    [=, &torrent](lt::disk_buffer_holder buffer, lt::storage_error const& error) {
      answered(answer);
      --torrent.asked[static_cast<std::size_t>(piece)];
      if (may_fail(error) || torrent.is_spoiled_since(wanted)) return;
      must(!error, "a read failed: " + error.ec.message());
      must(bytes(buffer.data(), buffer.data() + buffer.size()) == wanted.content, "a read saw other bytes");
      if (lot(4) == 0) held_.push_back(std::move(buffer));
    }, {});
}

void torture::hash(tortured_torrent& torrent) {
  int const piece = lot(torrent.pieces);
  int const length = torrent.piece_length(piece);
  auto const wanted = torrent.expected(piece, 0, length);
  bool const with_sha1 = lot(2);
  std::vector<lt::sha256_hash> leaves(
    with_sha1 && lot(2) ? 0 : static_cast<std::size_t>((length + block_size - 1) / block_size));
  lt::span<lt::sha256_hash> const into(leaves);
  auto const flags = (with_sha1 ? lt::disk_interface::v1_hash : lt::disk_job_flags_t{}) |
    (lot(2) ? lt::disk_interface::volatile_read : lt::disk_job_flags_t{});
  int const answer = expect_answer("hash", torrent, piece);
  ++torrent.asked[static_cast<std::size_t>(piece)];
  // As libtorrent does it: the memory of the leaves is the handler's.
  bench_.disk->async_hash(torrent.storage, lt::piece_index_t(piece), into, flags,
    [=, &torrent, leaves = std::move(leaves)](
      lt::piece_index_t, lt::sha1_hash const& sha1, lt::storage_error const& error) {
      answered(answer);
      --torrent.asked[static_cast<std::size_t>(piece)];
      if (may_fail(error) || torrent.is_spoiled_since(wanted)) return;
      must(!error, "a hash failed: " + error.ec.message());
      auto const& content = wanted.content;
      if (with_sha1) must(sha1 == lt::hasher(content).final(), "a SHA-1 is wrong");
      for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
        lt::span<char const> const part(content.data() + leaf * block_size,
          std::min<std::ptrdiff_t>(block_size, length - static_cast<std::ptrdiff_t>(leaf) * block_size));
        must(leaves[leaf] == lt::hasher256(part).final(), "a SHA-256 is wrong");
      }
      must(torrent.file.read(torrent.offset(piece, 0), content.size()) == content, "a hashed piece is not in the file");
      ++pieces_compared;
    });
}

void torture::hash_block(tortured_torrent& torrent) {
  int const piece = lot(torrent.pieces);
  int const start = block_size * lot((torrent.piece_length(piece) + block_size - 1) / block_size);
  auto const wanted = torrent.expected(piece, start, std::min(block_size, torrent.piece_length(piece) - start));
  int const answer = expect_answer("block hash", torrent, piece);
  ++torrent.asked[static_cast<std::size_t>(piece)];
  bench_.disk->async_hash2(torrent.storage, lt::piece_index_t(piece), start, {},
    [=, &torrent](lt::piece_index_t, lt::sha256_hash const& hash, lt::storage_error const& error) {
      answered(answer);
      --torrent.asked[static_cast<std::size_t>(piece)];
      if (may_fail(error) || torrent.is_spoiled_since(wanted)) return;
      must(!error && hash == lt::hasher256(wanted.content).final(), "a block's SHA-256 is wrong");
    });
}

void torture::clear(tortured_torrent& torrent) {
  int const piece = lot(torrent.pieces);
  int const answer = expect_answer("clear", torrent, piece);
  bench_.disk->async_clear_piece(torrent.storage, lt::piece_index_t(piece), [=](lt::piece_index_t cleared) {
    fence_answered(answer);
    must(static_cast<int>(cleared) == piece, "another piece was cleared");
  });
}

void torture::fence(tortured_torrent& torrent, int kind) {
  auto& disk = *bench_.disk;
  int const answer = expect_answer("fence", torrent, -1);
  auto const ended = [=] { fence_answered(answer); };
  if (kind == 94) return disk.async_stop_torrent(torrent.storage, ended);
  if (kind == 95) return disk.async_release_files(torrent.storage, ended);
  if (kind == 96) {
    return disk.async_rename_file(torrent.storage, lt::file_index_t(0), "name",
      [ended](std::string const&, lt::file_index_t, lt::storage_error const&) { ended(); });
  }
  if (kind == 97) {
    return disk.async_check_files(
      torrent.storage, nullptr, {}, [ended](lt::status_t, lt::storage_error const&) { ended(); });
  }
  if (kind == 98) {
    return disk.async_set_file_priority(torrent.storage, {},
      [ended](lt::storage_error const&, shoal::session_disk::priorities const&) { ended(); });
  }
  disk.async_delete_files(torrent.storage, {}, [ended](lt::storage_error const&) { ended(); });
}

void torture::finish() {
  held_.clear(); // a read may wait for them
  bool const waits = lot(2) == 0;
  if (lot(2) == 0) must(bench_.run_until([&] { return pending_ == 0; }), "jobs do not end");
  // Torrents end with jobs under way, as in a session that closes.
  for (auto& torrent : torrents_) {
    int const answer = expect_answer("last stop", *torrent, -1);
    bench_.disk->async_stop_torrent(torrent->storage, [=] { fence_answered(answer); });
  }
  for (auto& torrent : torrents_) torrent->storage.reset();
  is_ending_ = true;
  must(bench_.end(waits), "the disk does not let the network thread end");
  for (auto const& each : answers_) must(each.times == 1, std::string(each.kind) + " was never answered");
  held_.clear();
  for (auto const& each : observers_) must(each->told > 0, "a peer was stopped and never told to go on");
  auto const left = bench_.table->counters();
  must(left.buffered_bytes == 0 && left.read_jobs == 0, "buffers or jobs are left");
  for (auto const& torrent : torrents_) {
    must(bench_.hooks->wait_released(torrent->number), "a torrent was not released");
  }
}

bool torture::may_fail(lt::storage_error const& error) const {
  if (!error) return false;
  if (is_ending_ && error.ec == boost::asio::error::operation_aborted) return true;
  return calls_->fails && (error.ec.value() == EIO || error.ec.value() == ENOSPC);
}

} // namespace trials
