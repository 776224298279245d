// The files of the table: who may read and write which descriptor, and until when.
#ifndef SHOAL_DISK_FILES_HPP
#define SHOAL_DISK_FILES_HPP

#include "disk.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace shoal {

/// Owns one descriptor.
class descriptor {
public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor();
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;

  int number() const { return number_; }

private:
  int const number_;
};

using shared_descriptor = std::shared_ptr<descriptor const>;

/// A duplicate that no child process inherits. Throws std::system_error.
shared_descriptor duplicate(int number);

/// One file of the table. Any method from any thread.
class open_file {
public:
  /// `opened` empty: a file that was never in the table; all that is asked of it fails with ENOENT.
  open_file(std::uint64_t number, shared_descriptor opened, std::int64_t size, bool writable,
    std::shared_ptr<piece_proofs> proofs = nullptr);

  /// What a job that begins now works on. The descriptor is empty once the file was removed.
  struct use {
    shared_descriptor opened;
    bool writable = false;
    /// The file's own. Null while its pieces are taken as they are: those of a fetch were verified as they came.
    piece_proofs* proofs = nullptr;
  };
  use now() const;

  std::uint64_t number() const { return number_; }
  /// As it was said to the table.
  std::int64_t size() const { return size_; }
  /// A write that is accepted: the descriptor it goes to, or empty with EROFS or ENOENT in `refusal`. Each that got one
  /// calls `write_ended` once.
  shared_descriptor write_accepted(int& refusal);
  void write_ended();

  /// Waits for the accepted writes. What is read after it is proven first, as that of a seed.
  void replace_read_only(shared_descriptor opened);
  void remove();

  /// True once, and once more after each replacement: rot is told one time, not for each block.
  bool is_first_rot();

private:
  std::uint64_t const number_;
  std::int64_t const size_;
  std::shared_ptr<piece_proofs> const proofs_;
  mutable std::mutex guard_;
  std::condition_variable writes_ended_;
  shared_descriptor opened_;
  bool writable_;
  /// Behind `writable_` by the writes that were accepted: before they are in the file, its pieces are not what they should be.
  bool proves_;
  bool rot_told_ = false;
  int writes_ = 0;
};

/// What `file_table` hides.
struct open_files {
  std::mutex guard;
  std::uint64_t last_number = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<open_file>> by_number;

  std::atomic<std::int64_t> buffered_bytes{0};
  std::atomic<std::int64_t> read_jobs{0};
  std::atomic<std::int64_t> written_bytes{0};
  std::atomic<std::int64_t> refused_writes{0};
  std::atomic<std::int64_t> rotten_reads{0};

  /// Empty when there is none.
  std::shared_ptr<open_file> find(std::uint64_t number);
};

} // namespace shoal

#endif
