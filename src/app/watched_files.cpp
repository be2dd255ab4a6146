#include "app/watched_files.h"

#include <sys/stat.h>

#include <utility>

#include "app/config.h"

namespace metergate {

void WatchedFiles::add(std::string name, std::filesystem::path path, std::string text,
                       Apply apply) {
  files_.push_back({.name = std::move(name),
                    .path = std::move(path),
                    .text = std::move(text),
                    .apply = std::move(apply),
                    .stamp = std::nullopt});
}

WatchedFiles::Stamp WatchedFiles::stamp_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {
      .device = status.st_dev,
      .file = status.st_ino,
      .size = status.st_size,
      .changed_at = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

void WatchedFiles::look() {
  for (Watched& watched : files_) {
    // Before it is read: what is written meanwhile is found the next time.
    const Stamp now = stamp_of(watched.path);
    if (watched.stamp == now) continue;
    watched.stamp = now;
    read(watched, false);
  }
}

void WatchedFiles::read_all() {
  for (Watched& watched : files_) {
    watched.stamp = stamp_of(watched.path);
    read(watched, true);
  }
}

void WatchedFiles::read(Watched& watched, bool is_asked) {
  const std::string path = watched.path.string();
  const auto kept = [&](const Error& error) {
    log_.warn("file.kept", {{"setting", watched.name}, {"path", path}, {"reason", error.message}});
  };
  Result<std::string> text = read_text_file(watched.path);
  if (!text) return kept(text.error());
  if (*text == watched.text && !is_asked) return;
  if (const Result<> applied = watched.apply(*text); !applied) return kept(applied.error());
  watched.text = *std::move(text);
  log_.info("file.read_again", {{"setting", watched.name}, {"path", path}});
}

}  // namespace metergate
