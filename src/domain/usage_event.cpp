#include "domain/usage_event.h"

#include <array>
#include <charconv>

#include "base/check.h"

namespace metergate {
namespace {

// Appends name, length and text, so that no content can be read as another.
class CanonicalText {
 public:
  explicit CanonicalText(std::string& out) : out_(out) {}

  CanonicalText& text(std::string_view name, std::string_view value) {
    out_ += name;
    out_ += '=';
    append(static_cast<std::int64_t>(value.size()));
    out_ += ':';
    out_ += value;
    out_ += ';';
    return *this;
  }

  CanonicalText& number(std::string_view name, std::int64_t value) {
    out_ += name;
    out_ += '=';
    append(value);
    out_ += ';';
    return *this;
  }

 private:
  void append(std::int64_t value) {
    std::array<char, 24> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    CHECK(written.ec == std::errc{});
    out_.append(digits.data(), written.ptr);
  }

  std::string& out_;
};

struct FactWriter {
  CanonicalText& out;

  void operator()(const ApiCall& call) const {
    out.text("method", call.method)
        .text("endpoint", call.endpoint)
        .text("path", call.path)
        .number("status", call.status)
        .number("request_bytes", call.request_bytes)
        .number("response_bytes", call.response_bytes)
        .number("duration_us", call.duration.count())
        .text("ip", call.ip)
        .text("store_id", call.store_id)
        .text("device_id", call.device_id);
  }
  void operator()(const WebhookCall& call) const {
    out.text("webhook_id", call.webhook_id)
        .number("success", call.success ? 1 : 0)
        .number("status", call.status)
        .number("attempt", call.attempt)
        .number("duration_us", call.duration.count());
  }
  void operator()(const StorageReport& report) const { out.number("bytes", report.bytes); }
  void operator()(const CountReport& report) const {
    if (report.count) out.number("count", *report.count);
  }
  void operator()(const OtherFact& fact) const { out.text("data", fact.data); }
};

struct TypeReader {
  std::string_view operator()(const ApiCall&) const { return "api.call"; }
  std::string_view operator()(const WebhookCall&) const { return "webhook.call"; }
  std::string_view operator()(const StorageReport&) const { return "storage.usage"; }
  std::string_view operator()(const CountReport& report) const {
    return report.meter == Meter::devices_count ? "device.count" : "store.count";
  }
  std::string_view operator()(const OtherFact& fact) const { return fact.type; }
};

}  // namespace

std::string_view type_of(const Fact& fact) { return std::visit(TypeReader{}, fact); }

std::string canonical_content(const UsageEvent& event) {
  std::string content;
  content.reserve(256);
  CanonicalText out{content};
  out.text("type", type_of(event.fact)).number("billable", event.billable ? 1 : 0);
  if (event.has_own_time) out.number("time", event.occurred_at.time_since_epoch().count());
  std::visit(FactWriter{out}, event.fact);
  return content;
}

}  // namespace metergate
