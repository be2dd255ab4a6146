// A temporary folder for a test, removed with it; and whole files read, written and changed.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace metergate {

class TestFolder {
 public:
  TestFolder() {
    static std::atomic<int> made = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("metergate-test-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  // Makes this folder an exact copy of another at one moment. If files come or go during the
  // copying, the copy is made again, since it would show a state that never existed.
  void become(const TestFolder& other) const {
    std::vector<std::string> before;
    do {
      before = other.names();
      std::filesystem::remove_all(path_);
      std::filesystem::create_directories(path_);
      std::error_code vanished;
      std::filesystem::copy(other.path_, path_, std::filesystem::copy_options::recursive, vanished);
    } while (names() != before || other.names() != before);
  }

 private:
  // The names of all files and folders, in order.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    std::error_code ended;
    std::filesystem::recursive_directory_iterator at{path_, ended};
    for (; !ended && at != std::filesystem::recursive_directory_iterator{}; at.increment(ended))
      found.push_back(at->path().lexically_relative(path_).string());
    std::ranges::sort(found);
    return found;
  }
  std::filesystem::path path_;
};

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline void replace_contents(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << bytes;
}

// In place: rewriting the file is slow, and this is called thousands of times.
inline void overwrite(const std::filesystem::path& path, std::size_t at, std::string_view bytes) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

inline void flip_bit(const std::filesystem::path& path, std::size_t offset, unsigned bit) {
  const auto byte = static_cast<unsigned char>(contents(path).at(offset));
  overwrite(path, offset, std::string(1, static_cast<char>(byte ^ (1U << bit))));
}

}  // namespace metergate
