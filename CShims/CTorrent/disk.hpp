// The wall between the session and its disk: libtorrent's disk_interface over descriptors that we were handed. No path
// is ever opened here; what is not in the table cannot be touched.
#ifndef SHOAL_DISK_HPP
#define SHOAL_DISK_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <libtorrent/disk_interface.hpp>
#include <libtorrent/io_context.hpp>
#include <libtorrent/performance_counters.hpp>

namespace libtorrent {
struct settings_interface;
}

namespace shoal {

/// What the disk did, in sums since the session began, but `buffered_bytes` and `read_jobs`: of this moment.
struct disk_counters {
  std::int64_t buffered_bytes = 0;
  std::int64_t read_jobs = 0;
  std::int64_t written_bytes = 0;
  std::int64_t refused_writes = 0;
  std::int64_t rotten_reads = 0;
};

struct open_files;
class piece_proofs;

/// Files by number. A torrent's save_path is `save_path(number)`. Any method from any thread.
class file_table {
public:
  file_table();
  ~file_table();
  file_table(file_table const&) = delete;
  file_table& operator=(file_table const&) = delete;

  /// Takes a duplicate of the descriptor; it is closed with the last use, which may be after `remove`. Never 0.
  /// `writable` for fetches only. `proofs`: while the file is read-only, a piece is hashed before it is first read from.
  /// Throws std::system_error when the descriptor cannot be duplicated.
  std::uint64_t add(
    int descriptor, std::int64_t size, bool writable, std::shared_ptr<piece_proofs> proofs = nullptr);

  /// After promotion: reads that begin later use (a duplicate of) this descriptor, and writes are refused from now on;
  /// those that were accepted before have reached the older descriptor when this returns.
  void replace_read_only(std::uint64_t number, int descriptor);

  /// Jobs that run keep their file; later ones fail with ENOENT.
  void remove(std::uint64_t number);

  disk_counters counters() const;

  /// For the disk only.
  open_files& files() const { return *m_files; }

private:
  std::unique_ptr<open_files> m_files;
};

/// `/file:<number>`: absolute, since libtorrent puts the working folder before any other path.
std::string save_path(std::uint64_t number);
std::optional<std::uint64_t> file_number(std::string const& save_path);

/// Called by the disk, on any of its threads or the session's; must not block and must not throw.
struct disk_hooks {
  virtual ~disk_hooks() = default;

  /// A piece of a read-only file does not have its hash, it cannot be read, has another size than its torrent, was
  /// unlinked, somebody tried to write to it, or libtorrent wants it checked again (which it does when a piece of a
  /// seed does not hash). Told once a file, and once more after `replace_read_only`. The job fails towards libtorrent
  /// as well. `piece` is -1 when it concerns none. `reason` completes "the file …" and lives for the call.
  virtual void on_rotten(std::uint64_t number, int piece, char const* reason) noexcept = 0;

  /// The torrent's storage was removed: no job of it runs or will come. Told once for each `new_torrent`.
  virtual void on_released(std::uint64_t number) noexcept = 0;
};

/// - A piece's hash job ends only after the piece's blocks are readable with `pread` from the file's descriptor.
/// - `async_check_files`: a writable file answers no_error when it holds nothing, or when the resume data claim pieces
///   and its size is right; else need_full_check. A read-only file with resume data (when its torrent is added) answers
///   no_error, unread, if it has its size and a name; without (libtorrent rechecks it) it is rotten.
/// - A file is never made, sized, renamed, moved or deleted: `rename_file` succeeds and does nothing, `move_storage`
///   and `delete_files` fail.
/// - `async_stop_torrent` answers when all jobs of the torrent before it have ended.
/// - Only files of the table are touched. A write to a read-only file fails with EROFS and is told to the hooks.
/// - `abort(true)` returns when no thread of the disk runs any more.
std::unique_ptr<lt::disk_interface> make_disk(lt::io_context& context, lt::settings_interface const& settings,
  lt::counters& counters, std::shared_ptr<file_table> files, std::shared_ptr<disk_hooks> hooks);

} // namespace shoal

#endif
