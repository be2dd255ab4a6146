#include "app/reloads.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace metergate {
namespace {

// A mark that differs if a file was replaced, written to, created or removed.
std::string mark_of(const std::vector<std::filesystem::path>& files) {
  std::string mark;
  for (const std::filesystem::path& file : files) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      mark += fmt::format("{}:-;", file.string());
      continue;
    }
    mark += fmt::format("{}:{}.{}:{}:{};", file.string(), status.st_mtim.tv_sec,
                        status.st_mtim.tv_nsec, status.st_size, status.st_ino);
  }
  return mark;
}

}  // namespace

Reloads::~Reloads() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
}

void Reloads::add(Entry entry) {
  std::string seen = mark_of(entry.files());
  watched_.push_back({std::move(entry), std::move(seen)});
}

void Reloads::start(std::chrono::milliseconds every) {
  thread_ = std::jthread([this, every] {
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, every, [this] { return is_stopping_; })) {
      lock.unlock();
      look();
      lock.lock();
    }
  });
}

void Reloads::reload() {
  const std::lock_guard lock{reading_};
  for (Watched& watched : watched_) read_again(watched);
}

void Reloads::look() {
  const std::lock_guard lock{reading_};
  for (Watched& watched : watched_) {
    if (mark_of(watched.entry.files()) != watched.seen) read_again(watched);
  }
}

// The mark is taken before reading: a file that changes meanwhile is read once more, and so are
// newly named files, which does no harm.
void Reloads::read_again(Watched& watched) {
  watched.seen = mark_of(watched.entry.files());
  const Result<> read = watched.entry.reload();
  if (read) {
    log_.info("reload.done", {{"what", watched.entry.name}});
  } else {
    log_.warn("reload.refused", {{"what", watched.entry.name},
                                 {"reason", read.error().message},
                                 {"in_force", "what was read before"}});
  }
}

}  // namespace metergate
