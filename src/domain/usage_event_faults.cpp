// The bounds on events from outside. Each is one line of the functions below; the numbers are
// defined here only.
#include <algorithm>
#include <array>

#include "base/characters.h"
#include "domain/usage_event.h"

namespace metergate {
namespace {

constexpr Milliseconds kAheadMax = std::chrono::minutes{5};
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kEndpointMax = 512;
constexpr std::size_t kPathMax = 2048;
constexpr std::size_t kMethodMax = 16;
constexpr std::size_t kAddressMax = 64;
constexpr std::size_t kOtherDataBytesMax = 64 * 1024;
constexpr std::int64_t kTransferBytesMax = std::int64_t{1} << 50;
constexpr std::int64_t kStorageBytesMax = std::int64_t{1} << 60;
constexpr std::int64_t kDurationMsMax = (std::int64_t{1} << 36) / 1000;
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kAttemptMax = 1'000'000;
constexpr std::int64_t kStatusMin = 100;
constexpr std::int64_t kStatusMax = 599;

struct TextBound {
  std::size_t min;
  std::size_t max;  // characters
};

struct NumberBound {
  std::int64_t min;
  std::int64_t max;
};

// 1 for the bytes that a control character begins with.
constexpr auto kMayBeginControl = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte)
    table[byte] = byte < 0x20 || byte == 0x7F || byte == 0xC2 ? 1 : 0;
  return table;
}();

// C0 and C1 controls and DEL; a C1 control is two bytes in UTF-8, C2 and 80 to 9F.
bool has_control(std::string_view text) {
  // Controls are rare, so this scan looks up each byte in a table, without a branch.
  unsigned found = 0;
  for (const char c : text) found |= kMayBeginControl[static_cast<unsigned char>(c)];
  if (found == 0) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_control(text[i])) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

// The characters of a method by RFC 9110, "token".
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

class EventFaults {
 public:
  void add(std::string field, std::string message) {
    faults_.push_back({std::nullopt, std::move(field), std::move(message)});
  }

  void text(const char* field, std::string_view value, TextBound bound) {
    // A text has at most as many characters as bytes, and at least one unless it is empty.
    const bool is_short = bound.min <= 1 && value.size() >= bound.min && value.size() <= bound.max;
    const std::size_t length = is_short ? value.size() : character_count(value);
    if (length < bound.min || length > bound.max) {
      add(field, "has " + std::to_string(length) + " characters; " + std::to_string(bound.min) +
                     " to " + std::to_string(bound.max) + " are allowed");
    } else if (has_control(value)) {
      add(field, "has a control character; none are allowed");
    }
  }

  void number(const char* field, std::int64_t value, NumberBound bound) {
    if (value < bound.min || value > bound.max) {
      add(field, "is " + std::to_string(value) + "; " + std::to_string(bound.min) + " to " +
                     std::to_string(bound.max) + " are allowed");
    }
  }

  void duration(Microseconds value) {
    if (value.count() < 0 || value.count() > kDurationMsMax * 1000) {
      add("data.duration_ms", "is " + std::to_string(value.count() / 1000) + "; 0 to " +
                                  std::to_string(kDurationMsMax) + " are allowed");
    }
  }

  // An optional id of one of the tenant's records.
  void record_id(const char* field, std::string_view value) {
    if (!value.empty() && !is_id_syntax(value)) {
      add(field,
          "is no id; use 1 to 64 characters of A-Z a-z 0-9 . _ : - that begin with a letter or "
          "digit");
    }
  }

  std::vector<Fault> take() && { return std::move(faults_); }

 private:
  std::vector<Fault> faults_;
};

struct FactBounds {
  EventFaults& faults;

  void operator()(const ApiCall& call) const {
    if (call.method.empty() || call.method.size() > kMethodMax || !is_token(call.method))
      faults.add("data.method", "is no HTTP method; use 1 to 16 characters such as GET or POST");
    faults.text("data.endpoint", call.endpoint, {1, kEndpointMax});
    faults.text("data.path", call.path, {0, kPathMax});
    faults.number("data.status", call.status, {kStatusMin, kStatusMax});
    faults.number("data.request_bytes", call.request_bytes, {0, kTransferBytesMax});
    faults.number("data.response_bytes", call.response_bytes, {0, kTransferBytesMax});
    faults.duration(call.duration);
    faults.text("data.ip", call.ip, {0, kAddressMax});
    faults.record_id("data.store_id", call.store_id);
    faults.record_id("data.device_id", call.device_id);
    faults.text("data.caller", call.caller, {0, kNameMax});
  }
  void operator()(const WebhookCall& call) const {
    faults.text("data.webhook_id", call.webhook_id, {1, kNameMax});
    if (call.status != 0) faults.number("data.status", call.status, {kStatusMin, kStatusMax});
    faults.number("data.attempt", call.attempt, {1, kAttemptMax});
    faults.duration(call.duration);
  }
  void operator()(const StorageReport& report) const {
    faults.number("data.bytes", report.bytes, {0, kStorageBytesMax});
  }
  void operator()(const CountReport& report) const {
    if (report.count) faults.number("data.count", *report.count, {0, kCountMax});
  }
  void operator()(const OtherFact& fact) const {
    faults.text("type", fact.type, {1, kNameMax});
    if (fact.data.size() > kOtherDataBytesMax) {
      faults.add("data", "has " + std::to_string(fact.data.size()) + " bytes; at most " +
                             std::to_string(kOtherDataBytesMax) + " are allowed");
    }
  }
};

}  // namespace

std::string caller_in_record(std::string_view name) {
  std::string kept{clipped(name, kNameMax)};
  for (std::size_t i = 0; has_control(kept) && i < kept.size(); ++i) {
    const auto byte = static_cast<unsigned char>(kept[i]);
    const bool is_c1 =
        byte == 0xC2 && i + 1 < kept.size() && static_cast<unsigned char>(kept[i + 1]) < 0xA0;
    if (is_control(kept[i])) kept[i] = '?';
    if (is_c1) kept.replace(i, 2, "?");
  }
  return kept;
}

std::string traceparent_in_record(std::string_view field) {
  constexpr std::string_view kForm = "vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff";
  constexpr std::string_view kZeros = "00000000000000000000000000000000";
  if (field.size() < kForm.size()) return {};
  const std::string_view kept = field.substr(0, kForm.size());
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const char c = kept[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kForm[i] == '-' ? c != '-' : !is_hex) return {};
  }
  const std::string_view version = kept.substr(0, 2);
  if (version == "ff") return {};
  // A later version may go on behind another "-"; the first one has nothing more.
  if (field.size() > kForm.size() && (version == "00" || field[kForm.size()] != '-')) return {};
  if (kept.substr(3, 32) == kZeros || kept.substr(36, 16) == kZeros.substr(16)) return {};
  return std::string{kept};
}

std::vector<Fault> faults_of(const UsageEvent& event, Timestamp now) {
  EventFaults faults;
  if (event.tenant.text().empty()) faults.add("subject", "is missing; it names the tenant");
  faults.text("source", event.source, {1, kNameMax});
  faults.text("id", event.id, {1, kNameMax});
  if (event.occurred_at > now + kAheadMax) {
    faults.add("time", "is " + to_text(event.occurred_at) + ", and the server's clock says " +
                           to_text(now) + "; at most 5 minutes ahead are allowed");
  }
  // Gauges use the epoch itself for "never".
  if (event.occurred_at <= Timestamp{}) {
    faults.add("time", "is " + to_text(event.occurred_at) +
                           "; only times after 1970-01-01T00:00:00Z are "
                           "allowed");
  }
  std::visit(FactBounds{faults}, event.fact);
  return std::move(faults).take();
}

}  // namespace metergate
