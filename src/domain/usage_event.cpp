#include "domain/usage_event.h"

#include <charconv>
#include <cstring>

#include "base/check.h"

namespace metergate {
namespace {

// Writes name, length and text of each field in turn, so that two contents never have the same
// text. The room must be large enough: this runs for every event and does not check.
class CanonicalText {
 public:
  explicit CanonicalText(char* start) : at_(start) {}
  // The room for everything besides the event's texts: names, numbers and separators.
  static constexpr std::size_t kBytesMax = 512;

  CanonicalText& text(std::string_view name, std::string_view value) {
    number_before(name, static_cast<std::int64_t>(value.size()), ':');
    copy(value);
    *at_++ = ';';
    return *this;
  }

  CanonicalText& number(std::string_view name, std::int64_t value) {
    number_before(name, value, ';');
    return *this;
  }

  char* end() const { return at_; }

 private:
  static constexpr std::size_t kDigitsMax = 20;
  void copy(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number_before(std::string_view name, std::int64_t value, char mark) {
    copy(name);
    *at_++ = '=';
    const auto written = std::to_chars(at_, at_ + kDigitsMax, value);
    CHECK(written.ec == std::errc{});
    at_ = written.ptr;
    *at_++ = mark;
  }

  char* at_;
};

struct TextBytes {
  std::size_t operator()(const ApiCall& call) const {
    return call.method.size() + call.endpoint.size() + call.path.size() + call.ip.size() +
           call.store_id.size() + call.device_id.size() + call.caller.size() +
           call.traceparent.size();
  }
  std::size_t operator()(const WebhookCall& call) const { return call.webhook_id.size(); }
  std::size_t operator()(const StorageReport&) const { return 0; }
  std::size_t operator()(const CountReport&) const { return 0; }
  std::size_t operator()(const OtherFact& fact) const {
    return fact.type.size() + fact.data.size();
  }
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
    // Fingerprints of calls that say nothing of these are what they were before there were any.
    if (!call.caller.empty()) out.text("caller", call.caller);
    if (!call.traceparent.empty()) out.text("traceparent", call.traceparent);
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

void write_content(const UsageEvent& event, bool has_time, std::string& content) {
  content.resize_and_overwrite(
      CanonicalText::kBytesMax + text_bytes(event), [&](char* start, std::size_t) {
        CanonicalText out{start};
        out.text("type", type_of(event.fact)).number("billable", event.billable ? 1 : 0);
        if (has_time) out.number("time", event.occurred_at.time_since_epoch().count());
        std::visit(FactWriter{out}, event.fact);
        return out.end() - start;
      });
}

}  // namespace

std::string_view type_of(const Fact& fact) { return std::visit(TypeReader{}, fact); }

std::size_t text_bytes(const UsageEvent& event) {
  return event.tenant.text().size() + event.source.size() + event.id.size() +
         std::visit(TextBytes{}, event.fact);
}

void canonical_content(const UsageEvent& event, std::string& content) {
  write_content(event, false, content);
}

std::string canonical_content_with_time(const UsageEvent& event) {
  std::string content;
  write_content(event, event.has_own_time, content);
  return content;
}

std::string canonical_content(const UsageEvent& event) {
  std::string content;
  canonical_content(event, content);
  return content;
}

}  // namespace metergate
