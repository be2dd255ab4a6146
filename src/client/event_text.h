// Writes usage events as JSON of CloudEvents 1.0, each with an id (a ULID) and a time of its own.
// Invalid UTF-8 in outside texts becomes U+FFFD, so that one bad byte cannot make a batch
// unreadable. Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metergate/client.h"

namespace metergate::client {

class EventText {
 public:
  explicit EventText(std::string_view source);

  std::string api_call(std::string_view tenant, const TrackedCall& call);
  std::string webhook_call(std::string_view tenant, std::string_view webhook, bool success,
                           std::chrono::microseconds duration);
  std::string storage_usage(std::string_view tenant, std::int64_t bytes);
  std::string device_count(std::string_view tenant, std::optional<std::int64_t> count);
  std::string store_count(std::string_view tenant, std::optional<std::int64_t> count);

 private:
  std::string begin(std::string_view type, std::string_view tenant);
  std::string count(std::string_view type, std::string_view tenant,
                    std::optional<std::int64_t> count);
  std::string source_;  // as JSON
  std::uint16_t start_high_;
  std::atomic<std::uint64_t> next_low_;
};

// 48 bits of milliseconds and 80 other bits in Crockford's base 32: 26 characters that sort by
// time.
std::string ulid_text(std::chrono::milliseconds at, std::uint16_t high, std::uint64_t low);
std::string json_text(std::string_view text);                   // as a JSON string
std::string milliseconds_text(std::chrono::microseconds time);  // 1500 µs: "1.500"

std::string batch_text(const std::vector<std::string>& events);

}  // namespace metergate::client
