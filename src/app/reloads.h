// Reloads: reads files again while the server runs. Each entry has its files and the action for
// when one of them has changed, or when the operator asks (SIGHUP).
//
// A broken file leaves the previous content in force, with one line in the log. Has a thread of its
// own; reload() may be called from any.
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
    // Called again each time, since one file may name others.
    std::function<std::vector<std::filesystem::path>()> files;
    std::function<Result<>()> reload;
  };

  explicit Reloads(const Log& log) : log_(log) {}
  ~Reloads();
  Reloads(const Reloads&) = delete;
  Reloads& operator=(const Reloads&) = delete;

  // Only before start().
  void add(Entry entry);
  // Checks the files at this interval from now on.
  void start(std::chrono::milliseconds every = std::chrono::seconds{1});
  // Reads everything again now, changed or not.
  void reload();
  // Reads again the files that have changed since the last time.
  void look();

 private:
  struct Watched {
    Entry entry;
    std::string seen;  // the mark of its files as last read
  };
  void read_again(Watched& watched);

  const Log& log_;
  std::mutex reading_;  // one reading at a time
  std::vector<Watched> watched_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::jthread thread_;
};

}  // namespace metergate
