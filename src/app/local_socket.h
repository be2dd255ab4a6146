// The control socket of a data folder, with a path that always fits the kernel's limit. Owns the
// folder's descriptor that the path leads through. One owner; any thread may read.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace metergate {

class LocalSocket {
 public:
  static Result<LocalSocket> in(const std::filesystem::path& folder);
  ~LocalSocket();
  LocalSocket(LocalSocket&& other) noexcept;
  LocalSocket& operator=(LocalSocket&&) = delete;

  // The path for bind and connect; valid while this object lives.
  const std::string& path() const { return path_; }
  // Removes the socket of a killed process. Only for the holder of the folder.
  void remove_left_over() const;

 private:
  LocalSocket(int folder, std::string path) : folder_(folder), path_(std::move(path)) {}
  int folder_;
  std::string path_;
};

}  // namespace metergate
