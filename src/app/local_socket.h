// The control socket of a data folder: where it is, and a way there that is never too long for the
// kernel. Owns the folder's descriptor that the way leads through. One owner; any thread reads.
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

  // For bind and connect; good while this object lives.
  const std::string& path() const { return path_; }
  // Removes what a killed process has left behind; only for who holds the folder.
  void remove_left_over() const;

 private:
  LocalSocket(int folder, std::string path) : folder_(folder), path_(std::move(path)) {}
  int folder_;
  std::string path_;
};

}  // namespace metergate
