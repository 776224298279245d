#ifndef SHOAL_TORTURE_HPP
#define SHOAL_TORTURE_HPP

#include "workbench.hpp"

#include <libtorrent/hasher.hpp>

#include <boost/asio/error.hpp>

namespace trials {

constexpr int block_size = lt::default_block_size;

/// Calls that are slow, short, interrupted, and failing if so wished.
struct shaky_calls final : shoal::disk_calls {
  explicit shaky_calls(std::uint64_t seed) : lots_(seed) {}

  ssize_t preadv(int descriptor, iovec const* parts, int count, off_t offset) override;
  ssize_t pwritev(int descriptor, iovec const* parts, int count, off_t offset) override;

  bool fails = false;

private:
  bool happens(int in_a_thousand);
  void dawdle();

  std::mutex guard_;
  std::mt19937_64 lots_;
};

struct torture_observer final : lt::disk_observer {
  void on_disk() override { ++told; }
  int told = 0;
};

struct tortured_torrent {
  tortured_torrent(workbench& bench, std::string const& folder, std::int64_t size, int piece_bytes);

  /// What a job must see, and how often the blocks had failed when it was asked.
  struct expectation {
    bytes content;
    std::size_t first_block;
    std::vector<int> spoiled;
  };

  int piece_length(int piece) const;
  std::int64_t offset(int piece, int start) const { return std::int64_t(piece) * piece_bytes + start; }

  expectation expected(int piece, int start, int length) const {
    auto const from = offset(piece, start);
    auto const first = static_cast<std::size_t>(from / block_size);
    auto const last = static_cast<std::size_t>((from + length - 1) / block_size);
    return {bytes(model.begin() + from, model.begin() + from + length), first,
      std::vector<int>(spoiled.begin() + static_cast<std::ptrdiff_t>(first),
        spoiled.begin() + static_cast<std::ptrdiff_t>(last) + 1)};
  }

  /// A write to it failed at any time: what is in the file then is not known.
  bool is_spoiled_since(expectation const& wanted) const {
    for (std::size_t place = 0; place < wanted.spoiled.size(); ++place) {
      if (spoiled[wanted.first_block + place] > 0) return true;
    }
    return false;
  }

  test_file file;
  std::int64_t const size;
  int const piece_bytes;
  int const pieces;
  std::uint64_t const number;
  lt::storage_holder storage;
  bytes model;
  std::vector<int> spoiled; // failed writes, by block
  std::vector<int> asked;   // reads and hashes under way, by piece
};

class torture {
public:
  torture(std::string const& folder, std::uint64_t seed);

  void run(int steps);

  int pieces_compared = 0;

private:
  struct answer {
    char const* kind;
    tortured_torrent const* torrent;
    int piece;
    int times;
  };

  int lot(int below) { return static_cast<int>(lots_() % static_cast<std::uint64_t>(below)); }
  int expect_answer(char const* kind, tortured_torrent const& torrent, int piece);
  void answered(int which);
  void fence_answered(int which);
  void must(bool holds, std::string const& what);
  bool may_fail(lt::storage_error const& error) const;

  void do_something(tortured_torrent& torrent);
  void write(tortured_torrent& torrent);
  void read(tortured_torrent& torrent);
  void hash(tortured_torrent& torrent);
  void hash_block(tortured_torrent& torrent);
  void clear(tortured_torrent& torrent);
  void fence(tortured_torrent& torrent, int kind);
  void finish();

  std::string const folder_;
  std::mt19937_64 lots_;
  std::thread::id const network_thread_;
  std::vector<answer> answers_;
  std::shared_ptr<shaky_calls> calls_;
  workbench bench_;
  std::vector<std::unique_ptr<tortured_torrent>> torrents_;
  std::vector<lt::disk_buffer_holder> held_;
  std::vector<std::shared_ptr<torture_observer>> observers_;
  int pending_ = 0;
  bool is_ending_ = false;
  std::string failure_;
};

} // namespace trials

#endif
