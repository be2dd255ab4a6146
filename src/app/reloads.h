// Reloads: what is read again while the server runs. Each entry names the files that it is made of
// and what to do when one of them has changed, or when the operator asks (SIGHUP).
//
// A file that is broken leaves in force what was read before it, with one line in the log. One
// thread of its own; reload() from any.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace metergate {

class Reloads {
 public:
  struct Entry {
    std::string name;  // for the log: "UPSTREAMS_FILE"
    // Asked anew each time, since one file may name others.
    std::function<std::vector<std::filesystem::path>()> files;
    std::function<Result<>()> reload;
  };

  explicit Reloads(const Log& log) : log_(log) {}
  ~Reloads();
  Reloads(const Reloads&) = delete;
  Reloads& operator=(const Reloads&) = delete;

  // Before start().
  void add(Entry entry);
  // From now on the files are looked at every `every`.
  void start(std::chrono::milliseconds every = std::chrono::seconds{1});
  // Reads everything again now, changed or not.
  void reload();
  // Reads again what has changed since the last time.
  void look();

 private:
  struct Watched {
    Entry entry;
    std::string seen;  // of its files: what tells them from changed ones
  };
  void read_again(Watched& watched);

  const Log& log_;
  std::mutex reading_;  // one at a time
  std::vector<Watched> watched_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::jthread thread_;
};

}  // namespace metergate
