#include "disk_files.hpp"

#include "disk_proof.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace shoal {

descriptor::~descriptor() { ::close(number_); }

shared_descriptor duplicate(int number) {
  int const copy = ::fcntl(number, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "fcntl(F_DUPFD_CLOEXEC)");
  return std::make_shared<descriptor const>(copy);
}

open_file::open_file(std::uint64_t number, shared_descriptor opened, std::int64_t size, bool writable,
  std::shared_ptr<piece_proofs> proofs)
  : number_(number), size_(size), proofs_(std::move(proofs)), opened_(std::move(opened)), writable_(writable),
    proves_(!writable) {}

open_file::use open_file::now() const {
  std::lock_guard lock(guard_);
  return {opened_, writable_, proves_ ? proofs_.get() : nullptr};
}

shared_descriptor open_file::write_accepted(int& refusal) {
  std::lock_guard lock(guard_);
  if (!opened_ || !writable_) {
    refusal = opened_ ? EROFS : ENOENT;
    return {};
  }
  ++writes_;
  return opened_;
}

void open_file::write_ended() {
  std::lock_guard lock(guard_);
  if (--writes_ == 0) writes_ended_.notify_all();
}

void open_file::replace_read_only(shared_descriptor opened) {
  std::unique_lock lock(guard_);
  writable_ = false;
  writes_ended_.wait(lock, [this] { return writes_ == 0; });
  if (!opened_) return; // removed before, or meanwhile
  opened_.swap(opened); // the older one closes after the lock, with its last reader
  if (proofs_) proofs_->forget();
  rot_told_ = false;
  proves_ = true;
  lock.unlock();
}

void open_file::remove() {
  shared_descriptor last; // closes after the lock
  std::lock_guard lock(guard_);
  opened_.swap(last);
}

bool open_file::is_first_rot() {
  std::lock_guard lock(guard_);
  if (rot_told_) return false;
  rot_told_ = true;
  return true;
}

std::shared_ptr<open_file> open_files::find(std::uint64_t number) {
  std::lock_guard lock(guard);
  auto const found = by_number.find(number);
  return found == by_number.end() ? nullptr : found->second;
}

file_table::file_table() : m_files(std::make_unique<open_files>()) {}
file_table::~file_table() = default;

std::uint64_t file_table::add(
  int descriptor, std::int64_t size, bool writable, std::shared_ptr<piece_proofs> proofs) {
  auto opened = duplicate(descriptor);
  std::lock_guard lock(m_files->guard);
  std::uint64_t const number = ++m_files->last_number;
  m_files->by_number.emplace(
    number, std::make_shared<open_file>(number, std::move(opened), size, writable, std::move(proofs)));
  return number;
}

void file_table::replace_read_only(std::uint64_t number, int descriptor) {
  auto opened = duplicate(descriptor);
  if (auto const file = m_files->find(number)) file->replace_read_only(std::move(opened));
}

void file_table::remove(std::uint64_t number) {
  std::shared_ptr<open_file> file;
  {
    std::lock_guard lock(m_files->guard);
    auto const found = m_files->by_number.find(number);
    if (found == m_files->by_number.end()) return;
    file = std::move(found->second);
    m_files->by_number.erase(found);
  }
  file->remove();
}

disk_counters file_table::counters() const {
  disk_counters sums;
  sums.buffered_bytes = m_files->buffered_bytes;
  sums.read_jobs = m_files->read_jobs;
  sums.written_bytes = m_files->written_bytes;
  sums.refused_writes = m_files->refused_writes;
  sums.rotten_reads = m_files->rotten_reads;
  return sums;
}

namespace {
constexpr char path_start[] = "/file:";
constexpr std::size_t path_start_length = sizeof(path_start) - 1;
} // namespace

std::string save_path(std::uint64_t number) { return path_start + std::to_string(number); }

std::optional<std::uint64_t> file_number(std::string const& save_path) {
  if (save_path.compare(0, path_start_length, path_start) != 0) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t place = path_start_length; place < save_path.size(); ++place) {
    char const digit = save_path[place];
    if (digit < '0' || digit > '9' || number > UINT64_MAX / 16) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (number == 0) return std::nullopt;
  return number;
}

} // namespace shoal
