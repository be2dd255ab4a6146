// Identifiers: validated tenant ids, and ULIDs for things that the server names itself.
//
// A TenantId is a type of its own and always has the syntax below, so it can be part of a key, a
// path or a log line. Values; safe from any thread.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

inline constexpr std::size_t kIdLengthMax = 64;  // characters

class TenantId {
 public:
  // 1 to 64 characters of A-Z a-z 0-9 . _ : - that begin with a letter or digit.
  static Result<TenantId> parse(std::string_view text);

  TenantId() = default;
  const std::string& text() const { return text_; }
  friend auto operator<=>(const TenantId&, const TenantId&) = default;

 private:
  explicit TenantId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// The syntax of a TenantId, shared by the other ids that callers choose (stores, devices, sales …).
bool is_id_syntax(std::string_view text);

// 26 characters that sort by the time of creation; the rest comes from the system's random source.
// See the ULID specification: 48 bits of milliseconds, 80 bits of randomness, Crockford base 32.
std::string make_ulid(Timestamp at);

}  // namespace metergate

template <>
struct std::hash<metergate::TenantId> {
  std::size_t operator()(const metergate::TenantId& id) const {
    return std::hash<std::string>{}(id.text());
  }
};
