// What may be done to which file.
#include "workbench.hpp"

#include "disk_proof.hpp"

#include <cerrno>
#include <unistd.h>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/hasher.hpp>
#include <libtorrent/torrent_flags.hpp>

#include <boost/asio/error.hpp>

namespace trials {

namespace {

constexpr int block_size = lt::default_block_size;
constexpr int piece_size = 4 * block_size;
constexpr std::int64_t file_size = 16 * piece_size;

// A file that is whole, under its read-only descriptor.
struct seed {
  seed(workbench& bench, std::string const& folder)
    : file(folder, file_size, false), number(bench.table->add(file.read_only_descriptor(), file_size, false)),
      storage(bench.add(number, file_size, piece_size)) {}

  test_file file;
  std::uint64_t number;
  lt::storage_holder storage;
};

lt::add_torrent_params seeding() {
  lt::add_torrent_params resume;
  resume.flags |= lt::torrent_flags::seed_mode;
  return resume;
}

// Of the content as it is now, in version 1: the hash of a piece is plain SHA-1.
std::shared_ptr<shoal::piece_proofs> proofs_of(test_file const& file) {
  std::string hashes;
  for (int piece = 0; piece < 16; ++piece) {
    hashes += lt::hasher(file.read(std::int64_t(piece) * piece_size, piece_size)).final().to_string();
  }
  return std::make_shared<shoal::piece_proofs>(1, hashes, 16);
}

} // namespace

void read_only_is_never_written(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  // The descriptor itself could be written to: it is the table's word that counts.
  test_file file(folder, file_size, false);
  auto const number = bench.table->add(file.descriptor(), file_size, false);
  auto const storage = bench.add(number, file_size, piece_size);
  auto const error = bench.write(storage, 2, 0, bytes(block_size, 'x'));
  expect(error.ec.value() == EROFS, "a write to a seed was not refused");
  expect(calls->writes == 0, "a write to a seed reached the system");
  expect(file.read(0, file_size) == file.content(), "a seed was changed");
  expect(bench.table->counters().refused_writes == 1, "the refusal was not counted");
  expect(bench.hooks->rot_count() == 1 && bench.hooks->rots[0].number == number && bench.hooks->rots[0].piece == 2,
    "the refusal was not told");
}

void rot_is_told_once(std::string const& folder) {
  workbench bench;
  seed one(bench, folder);
  bytes seen;
  expect(!bench.read(one.storage, 15, 0, block_size, seen), "a read failed");
  expect(::truncate(one.file.path().c_str(), file_size - 1) == 0, "truncate");
  auto const error = bench.read(one.storage, 15, 3 * block_size, block_size, seen);
  expect(error.ec == boost::asio::error::eof, "a short file gave bytes");
  expect(bench.read(one.storage, 15, 3 * block_size, block_size, seen).ec == boost::asio::error::eof, "and again");
  expect(bench.hooks->rot_count() == 1 && bench.hooks->rots[0].piece == 15, "rot was not told once");
  expect(bench.table->counters().rotten_reads == 2, "rot was not counted");

  seed other(bench, folder);
  expect(::unlink(other.file.path().c_str()) == 0, "unlink");
  std::vector<lt::sha256_hash> leaves(4);
  lt::sha1_hash sha1;
  expect(bench.hash(other.storage, 1, leaves, sha1).ec.value() == ENOENT, "an unlinked file was hashed");
  expect(bench.hooks->rot_count() == 2 && bench.hooks->rots[1].number == other.number, "unlinking was not told");
}

void rot_of_the_device(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  seed one(bench, folder);
  test_file fetched(folder, file_size, false);
  auto const fetch_number = bench.table->add(fetched.descriptor(), file_size, true);
  auto const fetch = bench.add(fetch_number, file_size, piece_size);
  calls->read_errno = EIO;
  bytes seen;
  expect(bench.read(fetch, 0, 0, block_size, seen).ec.value() == EIO, "an I/O error was lost");
  expect(bench.hooks->rot_count() == 0, "a fetch was called rotten");
  expect(bench.read(one.storage, 0, 0, block_size, seen).ec.value() == EIO, "an I/O error was lost");
  expect(bench.hooks->rot_count() == 1, "an I/O error of a seed was not told");
}

void replacement_goes_on(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  test_file staged(folder, file_size, true);
  test_file promoted(folder, file_size, false);
  auto const number = bench.table->add(staged.descriptor(), file_size, true, proofs_of(promoted));
  auto const storage = bench.add(number, file_size, piece_size);
  calls->shut_writes();
  int written = 0;
  auto const content = pattern(9, block_size);
  bench.disk->async_write(storage, block(0, 0, block_size), content.data(), nullptr,
    [&](lt::storage_error const& error) { written += error ? 1000 : 1; }, {});
  expect(calls->wait_for_blocked_write(), "the write does not begin");
  std::atomic<bool> replaced{false};
  std::thread promotion([&] {
    bench.table->replace_read_only(number, promoted.read_only_descriptor());
    replaced = true;
  });
  // The promotion is in the table as soon as writes are refused.
  bool refused = false;
  for (int piece = 1; piece < 16 && !refused; ++piece) {
    bench.disk->async_write(storage, block(piece, 0, block_size), content.data(), nullptr,
      [&](lt::storage_error const& error) { refused |= error.ec.value() == EROFS; }, {});
    bench.network.run_one_for(std::chrono::milliseconds(20));
  }
  expect(!replaced, "the file was replaced under an accepted write");
  bytes seen;
  expect(!bench.read(storage, 2, 0, block_size, seen), "what is not promoted yet was called rotten");
  calls->open_writes();
  promotion.join();
  expect(staged.read(0, block_size) == content, "an accepted write was lost");
  expect(bench.write(storage, 1, 0, content).ec.value() == EROFS, "a promoted file was written to");
  expect(!bench.read(storage, 2, 0, block_size, seen) && seen == promoted.read(2 * piece_size, block_size),
    "reads do not follow the promotion");
}

void removed_files_are_gone(std::string const& folder) {
  workbench bench;
  seed one(bench, folder);
  bench.table->remove(one.number);
  bytes seen;
  expect(bench.read(one.storage, 0, 0, block_size, seen).ec.value() == ENOENT, "a removed file was read");
  expect(bench.write(one.storage, 0, 0, bytes(block_size)).ec.value() == ENOENT, "a removed file was written to");
  expect(bench.hooks->rot_count() == 0, "a removed file was called rotten");
  auto const unknown = bench.add(4711, file_size, piece_size);
  expect(bench.read(unknown, 0, 0, block_size, seen).ec.value() == ENOENT, "a file that never was was read");
  lt::storage_error error;
  expect(bench.check(unknown, nullptr, error) == lt::status_t::fatal_disk_error, "a file that never was is fine");
}

void checks_of_a_fetch(std::string const& folder) {
  workbench bench;
  test_file fresh(folder, file_size, true);
  auto const storage = bench.add(bench.table->add(fresh.descriptor(), file_size, true), file_size, piece_size);
  lt::storage_error error;
  lt::add_torrent_params const nothing;
  expect(bench.check(storage, &nothing, error) == lt::status_t::no_error, "an empty file is to be checked");
  expect(!bench.write(storage, 5, 0, bytes(block_size, 'x')), "the write failed");
  expect(bench.check(storage, &nothing, error) == lt::status_t::need_full_check, "a file with data is not checked");
  expect(bench.check(storage, nullptr, error) == lt::status_t::need_full_check, "a recheck is not one");
  auto const whole = seeding();
  expect(bench.check(storage, &whole, error) == lt::status_t::no_error, "resume data are not believed");
  expect(::ftruncate(fresh.descriptor(), file_size / 2) == 0, "ftruncate");
  expect(bench.check(storage, &whole, error) == lt::status_t::need_full_check, "half a file is whole");
  expect(fresh.read(0, file_size).size() == file_size / 2, "the check changed the size");
  expect(bench.hooks->rot_count() == 0, "a fetch was called rotten");
}

void checks_of_a_seed(std::string const& folder) {
  workbench bench;
  auto const whole = seeding();
  lt::storage_error error;
  seed one(bench, folder);
  expect(bench.check(one.storage, &whole, error) == lt::status_t::no_error, "a seed is refused");
  expect(bench.check(one.storage, nullptr, error) == lt::status_t::fatal_disk_error && error, "a seed is rechecked");
  expect(bench.hooks->rot_count() == 1, "a recheck was not told");
  seed shorter(bench, folder);
  expect(::truncate(shorter.file.path().c_str(), 1) == 0, "truncate");
  expect(bench.check(shorter.storage, &whole, error) == lt::status_t::fatal_disk_error, "a short seed is fine");
  seed unlinked(bench, folder);
  expect(::unlink(unlinked.file.path().c_str()) == 0, "unlink");
  expect(bench.check(unlinked.storage, &whole, error) == lt::status_t::fatal_disk_error, "an unlinked seed is fine");
  expect(bench.hooks->rot_count() == 3, "rot was not told");
}

void failed_write_fails_its_hash(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  test_file fresh(folder, file_size, true);
  auto const storage = bench.add(bench.table->add(fresh.descriptor(), file_size, true), file_size, piece_size);
  auto const content = pattern(10, piece_size);
  calls->write_errno = ENOSPC;
  calls->shut_writes();
  int failed = 0;
  for (int start = 0; start < piece_size; start += block_size) {
    bench.disk->async_write(storage, block(0, start, block_size), content.data() + start, nullptr,
      [&](lt::storage_error const& error) { failed += error.ec.value() == ENOSPC; }, {});
  }
  std::vector<lt::sha256_hash> leaves(4);
  int hashed = 0;
  bench.disk->async_hash(storage, lt::piece_index_t(0), leaves, {},
    [&](lt::piece_index_t, lt::sha1_hash const&, lt::storage_error const& error) {
      hashed = error.ec.value() == ENOSPC ? 1 : 2;
    });
  calls->open_writes();
  expect(bench.run_until([&] { return hashed > 0; }), "the hash was not answered");
  expect(failed == 4, "a failed write was not told");
  expect(hashed == 1, "a piece that is not in the file was verified");
}

void promoted_pieces_are_proven(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  test_file staged(folder, file_size, true);
  test_file promoted(folder, file_size, false);
  auto const number = bench.table->add(staged.descriptor(), file_size, true, proofs_of(promoted));
  auto const storage = bench.add(number, file_size, piece_size);
  bytes seen;
  expect(!bench.read(storage, 3, 0, block_size, seen) && calls->reads == 1, "a piece of a fetch was proven");

  bench.table->replace_read_only(number, promoted.read_only_descriptor());
  int const before = calls->reads;
  expect(!bench.read(storage, 3, 0, block_size, seen), "a read failed");
  expect(seen == promoted.read(3 * piece_size, block_size), "a read saw other bytes");
  expect(!bench.read(storage, 3, block_size, block_size, seen), "a second read failed");
  expect(calls->reads == before + 3, "a promoted piece was not proven once");

  char const rot = static_cast<char>(promoted.content()[7 * piece_size + 2 * block_size] ^ 1);
  expect(::pwrite(promoted.descriptor(), &rot, 1, 7 * piece_size + 2 * block_size) == 1, "pwrite");
  expect(bench.read(storage, 7, 0, block_size, seen).ec.value() == EIO && seen.empty(), "a rotten piece was read");
  expect(bench.hooks->rot_count() == 1 && bench.hooks->rots[0].piece == 7, "rot was not told");
}

void pieces_are_proven_once(std::string const& folder) {
  auto const calls = std::make_shared<watched_calls>();
  workbench bench(calls);
  test_file file(folder, file_size, false);
  auto const number = bench.table->add(file.read_only_descriptor(), file_size, false, proofs_of(file));
  auto const storage = bench.add(number, file_size, piece_size);
  bytes seen;
  expect(!bench.read(storage, 3, 0, block_size, seen), "a read failed");
  expect(seen == file.read(3 * piece_size, block_size), "a read saw other bytes");
  int const with_proof = calls->reads;
  expect(!bench.read(storage, 3, block_size, block_size, seen), "a second read failed");
  expect(with_proof == 2 && calls->reads == 3, "a piece was not proven once");

  char const rot = static_cast<char>(file.content()[7 * piece_size + 2 * block_size] ^ 1);
  expect(::pwrite(file.descriptor(), &rot, 1, 7 * piece_size + 2 * block_size) == 1, "pwrite");
  // Another block of the piece: nothing of it is given away.
  expect(bench.read(storage, 7, 0, block_size, seen).ec.value() == EIO && seen.empty(), "a rotten piece was read");
  expect(bench.hooks->rot_count() == 1 && bench.hooks->rots[0].piece == 7, "rot was not told");
  expect(!bench.read(storage, 8, 0, block_size, seen), "a sound piece beside a rotten one was refused");
}

void pads_are_zeros(std::string const& folder) {
  workbench bench;
  constexpr std::int64_t size = piece_size + block_size + 5;
  test_file file(folder, size, false);
  auto const storage = bench.add(bench.table->add(file.read_only_descriptor(), size, false), size, piece_size);
  bytes seen;
  expect(!bench.read(storage, 1, block_size, block_size, seen), "a read over the end failed");
  auto wanted = file.read(piece_size + block_size, 5);
  wanted.resize(block_size);
  expect(seen == wanted, "a pad is not of zeros");
  expect(!bench.read(storage, 1, 3 * block_size, block_size, seen) && seen == bytes(block_size), "a pad is not read");
  expect(bool(bench.read(storage, 1, 3 * block_size + 1, block_size, seen)), "a read over the piece's end succeeds");
  expect(bool(bench.read(storage, 2, 0, block_size, seen)), "a piece that is none is read");
  expect(bench.hooks->rot_count() == 0, "a pad was called rotten");
}

void names_of_files(std::string const&) {
  expect(shoal::file_number(shoal::save_path(77)) == 77u, "a path does not lead back");
  for (auto const path :
    {"", "/", "/file:", "/file:0", "/file:-1", "/file:1/2", "file:1", "/file:99999999999999999999"}) {
    expect(!shoal::file_number(path), std::string(path) + " is a file's number");
  }
}

} // namespace trials
