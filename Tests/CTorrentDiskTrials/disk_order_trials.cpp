// What waits for what, and what does not.
#include "workbench.hpp"

#include <libtorrent/hasher.hpp>

namespace trials {

namespace {

constexpr int block_size = lt::default_block_size;
constexpr int piece_size = 4 * block_size;

struct fetch {
  fetch(workbench& bench, std::string const& folder, std::int64_t size = 16 * piece_size)
    : file(folder, size, true), number(bench.table->add(file.descriptor(), size, true)),
      storage(bench.add(number, size, piece_size)) {}

  test_file file;
  std::uint64_t number;
  lt::storage_holder storage;
};

struct observer final : lt::disk_observer {
  void on_disk() override { ++told; }
  int told = 0;
};

// Writes all blocks of a piece and does not wait.
void write_piece(workbench& bench, fetch& to, int piece, bytes const& content, int& answered) {
  for (int start = 0; start < piece_size; start += block_size) {
    bench.disk->async_write(to.storage, block(piece, start, block_size), content.data() + start, nullptr,
      [&answered](lt::storage_error const& error) { answered += error ? 1000 : 1; }, {});
  }
}

} // namespace

void hash_waits_for_the_file(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder);
  fetch other(bench, folder);
  auto const content = pattern(1, piece_size);
  int written = 0;
  calls->shut_writes();
  write_piece(bench, one, 3, content, written);
  bool hashed = false;
  std::vector<lt::sha256_hash> leaves(4);
  bench.disk->async_hash(one.storage, lt::piece_index_t(3), leaves, lt::disk_interface::v1_hash,
    [&](lt::piece_index_t, lt::sha1_hash const& sha1, lt::storage_error const& error) {
      hashed = true;
      expect(written == 4, "a hash was answered before the writes");
      expect(!error && sha1 == lt::hasher(content).final(), "the hash is wrong");
      expect(one.file.read(3 * piece_size, piece_size) == content, "a hashed piece is not in the file");
    });
  // By the time the other torrent's job on the same lane was answered, the hash was computed as well, from memory.
  std::vector<lt::sha256_hash> zeros(4);
  lt::sha1_hash sha1;
  for (int round = 0; round < 8; ++round) {
    expect(!bench.hash(other.storage, round, zeros, sha1), "the other torrent's hash failed");
  }
  expect(!hashed, "a piece was verified that is not in the file");
  calls->open_writes();
  expect(bench.run_until([&] { return hashed; }), "the hash was not answered");
  expect(leaves[2] == lt::hasher256(content.data() + 2 * block_size, block_size).final(), "a leaf is wrong");
}

void reads_pass_a_blocked_write(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder);
  auto const content = pattern(2, piece_size);
  int written = 0;
  calls->shut_writes();
  write_piece(bench, one, 0, content, written);
  expect(calls->wait_for_blocked_write(), "the write does not begin");
  bytes seen;
  expect(!bench.read(one.storage, 0, 100, block_size, seen), "a read of unwritten blocks failed");
  expect(seen == bytes(content.begin() + 100, content.begin() + 100 + block_size), "a read did not see the write");
  expect(!bench.read(one.storage, 5, 0, block_size, seen), "a read of the file failed");
  expect(seen == bytes(block_size), "a read of a hole saw something");
  expect(written == 0, "a blocked write was answered");
  calls->open_writes();
  expect(bench.run_until([&] { return written == 4; }), "the writes were not answered");
}

void fences_come_last(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder);
  auto const content = pattern(3, piece_size);
  int written = 0;
  int order = 0;
  int cleared_other = 0;
  int cleared = 0;
  int stopped = 0;
  calls->shut_writes();
  write_piece(bench, one, 0, content, written);
  bench.disk->async_clear_piece(one.storage, lt::piece_index_t(7), [&](lt::piece_index_t) { cleared_other = ++order; });
  bench.disk->async_clear_piece(one.storage, lt::piece_index_t(0), [&](lt::piece_index_t) { cleared = ++order; });
  bench.disk->async_stop_torrent(one.storage, [&] { stopped = ++order; });
  bench.disk->async_release_files(one.storage, nullptr);
  expect(bench.run_until([&] { return cleared_other > 0; }), "another piece's fence waits for this one");
  expect(cleared == 0 && stopped == 0, "a fence was answered before the writes");
  calls->open_writes();
  expect(bench.run_until([&] { return stopped > 0; }), "the stop was not answered");
  expect(written == 4 && cleared == 2 && stopped == 3, "the fences came out of order");
}

void neighbours_are_one_write(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder);
  auto const content = pattern(4, piece_size);
  int written = 0;
  calls->shut_writes();
  bench.disk->async_write(one.storage, block(0, 0, block_size), content.data(), nullptr,
    [&](lt::storage_error const&) { ++written; }, {});
  expect(calls->wait_for_blocked_write(), "the write does not begin");
  for (int piece = 15; piece > 0; --piece) write_piece(bench, one, piece, content, written);
  calls->open_writes();
  expect(bench.run_until([&] { return written == 61; }), "the writes were not answered");
  expect(calls->writes == 2, "60 neighbours took " + std::to_string(calls->writes - 1) + " calls");
  expect(one.file.read(15 * piece_size, piece_size) == content, "the bytes are at the wrong place");
}

void writeback_is_started(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder, 256 * piece_size);
  auto const content = pattern(5, piece_size);
  int written = 0;
  for (int piece = 0; piece < 256; ++piece) {
    write_piece(bench, one, piece, content, written);
    expect(bench.run_until([&] { return written == 4 * (piece + 1); }), "the writes were not answered");
  }
  expect(bench.run_until([&] { return calls->writebacks > 0; }), "16 MiB and no writeback");
}

void peers_are_stopped_and_told(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls, 8 * block_size);
  fetch one(bench, folder);
  auto const content = pattern(6, block_size);
  auto const peer = std::make_shared<observer>();
  int written = 0;
  calls->shut_writes();
  for (int count = 1; count <= 10; ++count) {
    bool const is_over = bench.disk->async_write(one.storage, block(count, 0, block_size), content.data(), peer,
      [&](lt::storage_error const&) { ++written; }, {});
    expect(is_over == (count >= 8), "the mark is not where it was set");
  }
  expect(bench.table->counters().buffered_bytes == 10 * block_size, "the buffered bytes are miscounted");
  bench.network.poll();
  expect(peer->told == 0, "the peer was told to go on too early");
  calls->open_writes();
  expect(bench.run_until([&] { return peer->told == 3 && written == 10; }), "the peer was not told to go on");
  expect(bench.table->counters().buffered_bytes == 0, "buffers are left");
}

void the_gate_opens_at_half(std::string const&) {
  lt::io_context network;
  shoal::write_gate gate(network);
  gate.set_high_mark(8);
  auto const peer = std::make_shared<observer>();
  for (int count = 0; count < 8; ++count) gate.enter();
  expect(gate.is_shut(peer), "the gate is open at its mark");
  for (int count = 0; count < 3; ++count) gate.leave();
  network.poll();
  expect(peer->told == 0 && gate.is_shut(nullptr), "the gate opened over half of its mark");
  gate.leave();
  network.restart();
  network.poll();
  expect(peer->told == 1 && !gate.is_shut(nullptr), "the gate did not open at half of its mark");
  gate.set_high_mark(1 << 20);
  for (int count = 0; count < shoal::write_gate::blocks_max; ++count) gate.enter();
  expect(gate.is_shut(nullptr), "the settings lift the bound");
}

void memory_goes_back(std::string const&) {
  shoal::block_pool pool;
  std::vector<char*> taken;
  for (int count = 0; count < 640; ++count) taken.push_back(pool.take_for_write());
  expect(pool.slab_bytes() == 10 << 20, "640 blocks are not 10 MiB");
  for (char* each : taken) pool.free_disk_buffer(each);
  expect(pool.blocks_in_use() == 0, "blocks are left");
  expect(pool.slab_bytes() <= shoal::block_pool::spare_slabs_max << 20, "memory was not given back");
}

void no_call_on_the_network_thread(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  std::uint64_t number = 0;
  {
    fetch one(bench, folder);
    number = one.number;
    auto const content = pattern(7, block_size);
    expect(!bench.write(one.storage, 0, 0, content), "the write failed");
    bytes seen;
    expect(!bench.read(one.storage, 0, 0, block_size, seen) && seen == content, "the read failed");
    std::vector<lt::sha256_hash> leaves(4);
    lt::sha1_hash sha1;
    expect(!bench.hash(one.storage, 0, leaves, sha1), "the hash failed");
    lt::storage_error error;
    expect(bench.check(one.storage, nullptr, error) == lt::status_t::need_full_check, "the check failed");
  }
  expect(bench.hooks->wait_released(number), "the torrent was not released");
  expect(calls->calls_on_network_thread == 0, "the network thread called the system");
}

void abort_answers_all(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  fetch one(bench, folder);
  auto const content = pattern(8, piece_size);
  int written = 0;
  int others = 0;
  calls->shut_writes();
  write_piece(bench, one, 1, content, written);
  std::vector<lt::sha256_hash> leaves(4);
  bench.disk->async_hash(one.storage, lt::piece_index_t(1), leaves, {},
    [&](lt::piece_index_t, lt::sha1_hash const&, lt::storage_error const&) { ++others; });
  // Begins only after the writes, when its lane has ended already.
  bench.disk->async_check_files(one.storage, nullptr, {}, [&](lt::status_t status, lt::storage_error const&) {
    others += status == lt::status_t::fatal_disk_error;
  });
  bench.disk->abort(false);
  bool refused = false;
  bench.disk->async_read(one.storage, block(0, 0, block_size),
    [&](lt::disk_buffer_holder, lt::storage_error const& error) { refused = bool(error); }, {});
  calls->open_writes();
  expect(bench.end(true), "the network thread does not end");
  expect(written == 4, "accepted writes were lost");
  expect(others == 2 && refused, "an answer was lost");
  expect(one.file.read(piece_size, piece_size) == content, "an accepted write is not in the file");
}

} // namespace trials
