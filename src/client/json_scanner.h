// Reads a JSON text from left to right, for the few members that are needed. Nested at most 16
// deep; after a text that is not JSON it stays failed. No threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace metergate::client {

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // Calls `member` with each member's name; it must read or skip the value. A value that is not an
  // object is skipped without a call.
  void members(const std::function<void(const std::string& name)>& member);
  void elements(const std::function<void()>& element);  // the same for an array
  std::optional<std::string> text();                    // nothing: of another kind, skipped
  std::optional<std::int64_t> integer();
  void skip();
  bool is_good() const { return is_good_; }

 private:
  static constexpr int kDepthMax = 16;
  char peek();
  bool take(char c);
  void list(char open, char close, const std::function<void()>& item);
  std::string quoted_text();
  void escape(std::string& out);
  void fail() { is_good_ = false; }
  std::string_view text_;
  int depth_ = 0;
  bool is_good_ = true;
};

}  // namespace metergate::client
