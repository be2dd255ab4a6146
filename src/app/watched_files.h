// WatchedFiles: files of the configuration that are read again while the server runs, when they
// change or a person asks (SIGHUP). What a file said last holds on where it has become unreadable
// or wrong: that is one line in the log and no more.
//
// Used by one thread, which looks once a second.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace metergate {

class WatchedFiles {
 public:
  // Puts in force what the text says, or says why not and leaves all as it was.
  using Apply = std::function<Result<>(const std::string& text)>;

  explicit WatchedFiles(const Log& log) : log_(log) {}

  // `name` is the setting that names the file; `text` what is in force.
  void add(std::string name, std::filesystem::path path, std::string text, Apply apply);
  // Reads those that are other files, or of another time or size, than when last looked at.
  void look();
  // Reads all.
  void read_all();

 private:
  // Which file stood there; of a link, what it points to.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t file = 0;
    std::int64_t size = -1;  // there is none
    std::int64_t changed_at = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct Watched {
    std::string name;
    std::filesystem::path path;
    std::string text;
    Apply apply;
    std::optional<Stamp> stamp;  // nothing: never looked at
  };
  static Stamp stamp_of(const std::filesystem::path& path);
  void read(Watched& watched, bool is_asked);

  const Log& log_;
  std::vector<Watched> files_;
};

}  // namespace metergate
