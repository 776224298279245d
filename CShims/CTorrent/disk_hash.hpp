// Hashes of pieces and blocks: from memory what is not in the file yet, from the file the rest.
#ifndef SHOAL_DISK_HASH_HPP
#define SHOAL_DISK_HASH_HPP

#include "disk_ranges.hpp"

#include <functional>

#include <libtorrent/hasher.hpp>
#include <libtorrent/span.hpp>

namespace shoal {

using piece_hash_handler = std::function<void(lt::piece_index_t, lt::sha1_hash const&, lt::storage_error const&)>;
using block_hash_handler = std::function<void(lt::piece_index_t, lt::sha256_hash const&, lt::storage_error const&)>;

/// A piece: SHA-1 of all of it, SHA-256 of each block, or both. Its answer comes when, besides, each block of it that
/// was accepted before is in the file: "verified" shall mean "readable by pread".
class hash_job final : public job {
public:
  /// `leaves` is memory that `handler` owns: the handler is moved and never copied. Empty: no SHA-256.
  hash_job(shared_torrent of, int of_piece, lt::span<lt::sha256_hash> leaves, bool with_sha1,
    piece_hash_handler handler)
    : job(std::move(of), of_piece), leaves_(leaves), with_sha1_(with_sha1), handler_(std::move(handler)) {}

  bool is_valid() const {
    auto const blocks = (torrent->piece_length(piece) + block_bytes - 1) / block_bytes;
    return blocks > 0 && (leaves_.empty() || leaves_.size() >= blocks);
  }
  /// From acceptance until it runs; and waits for their writes. Under the lock.
  void pin_blocks();

  void answer() override;
  void heard(lt::storage_error const& write_error) override;
  void run(work_batch const&) noexcept override;

private:
  lt::storage_error hash();
  void take(lt::hasher& sha1, int offset, char const* data, int length);

  lt::span<lt::sha256_hash> const leaves_;
  bool const with_sha1_;
  piece_hash_handler handler_;
  lt::sha1_hash sha1_;
  std::vector<pinned_block> pinned_;
  lt::storage_error write_error_;
};

/// One block's SHA-256.
class block_hash_job final : public job {
public:
  block_hash_job(shared_torrent of, int of_piece, int offset, block_hash_handler handler)
    : job(std::move(of), of_piece), offset_(offset), handler_(std::move(handler)) {}

  bool is_valid() const { return offset_ >= 0 && offset_ % block_bytes == 0 && length() > 0; }
  void pin_blocks();

  void answer() override;
  void heard(lt::storage_error const& write_error) override;
  void run(work_batch const&) noexcept override;

private:
  int length() const { return std::min(block_bytes, torrent->piece_length(piece) - offset_); }

  int const offset_;
  block_hash_handler handler_;
  lt::sha256_hash sha256_;
  std::vector<pinned_block> pinned_;
  lt::storage_error write_error_;
};

} // namespace shoal

#endif
