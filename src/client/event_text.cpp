#include "client/event_text.h"

#include <cstdio>

#include "client/time.h"

namespace metergate::client {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the well-formed UTF-8 sequence at the start of the text; 0 if there is none. The
// ranges are those of RFC 3629: no surrogates, no overlong forms.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_short = first == 0xE0 && second < 0xA0;
    const bool is_surrogate = first == 0xED && second > 0x9F;
    return continues(1) && continues(2) && !is_short && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_short = first == 0xF0 && second < 0x90;
    const bool is_beyond = first == 0xF4 && second > 0x8F;
    return continues(1) && continues(2) && continues(3) && !is_short && !is_beyond ? 4 : 0;
  }
  return 0;
}

void append_escaped(char c, std::string& out) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) < 0x20) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u00";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  } else {
    out += c;
  }
}

void append_member(std::string_view name, std::string_view json, std::string& out) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += json;
}

void append_known_text(std::string_view name, std::string_view text, std::string& out) {
  if (!text.empty()) append_member(name, json_text(text), out);
}

}  // namespace

EventText::EventText(std::string_view source)
    : source_(json_text(source)),
      start_high_(static_cast<std::uint16_t>(random_number())),
      next_low_(random_number()) {}

std::string EventText::begin(std::string_view type, std::string_view tenant) {
  const std::chrono::milliseconds now = since_epoch();
  std::string out = R"({"specversion":"1.0")";
  out.reserve(320);
  append_member("id", json_text(ulid_text(now, start_high_, next_low_.fetch_add(1))), out);
  append_member("source", source_, out);
  append_member("type", json_text(type), out);
  append_member("subject", json_text(tenant), out);
  append_member("time", json_text(utc_text(now)), out);
  append_member("data", "{", out);
  return out;
}

std::string EventText::api_call(std::string_view tenant, const TrackedCall& call) {
  std::string out = begin("api.call", tenant);
  append_member("method", json_text(call.method), out);
  append_member("endpoint", json_text(call.endpoint), out);
  append_member("status", std::to_string(call.status), out);
  append_member("request_bytes", std::to_string(call.request_bytes), out);
  append_member("response_bytes", std::to_string(call.response_bytes), out);
  append_member("duration_ms", milliseconds_text(call.duration), out);
  append_known_text("ip", call.ip, out);
  append_known_text("store_id", call.store_id, out);
  append_known_text("device_id", call.device_id, out);
  return out + "}}";
}

std::string EventText::webhook_call(std::string_view tenant, std::string_view webhook, bool success,
                                    std::chrono::microseconds duration) {
  std::string out = begin("webhook.call", tenant);
  append_member("webhook_id", json_text(webhook), out);
  append_member("success", success ? "true" : "false", out);
  append_member("duration_ms", milliseconds_text(duration), out);
  return out + "}}";
}

std::string EventText::storage_usage(std::string_view tenant, std::int64_t bytes) {
  std::string out = begin("storage.usage", tenant);
  append_member("bytes", std::to_string(bytes), out);
  return out + "}}";
}

std::string EventText::device_count(std::string_view tenant, std::optional<std::int64_t> given) {
  return count("device.count", tenant, given);
}

std::string EventText::store_count(std::string_view tenant, std::optional<std::int64_t> given) {
  return count("store.count", tenant, given);
}

std::string EventText::count(std::string_view type, std::string_view tenant,
                             std::optional<std::int64_t> count) {
  std::string out = begin(type, tenant);
  if (count) append_member("count", std::to_string(*count), out);
  return out + "}}";
}

std::string ulid_text(std::chrono::milliseconds at, std::uint16_t high, std::uint64_t low) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string text(26, '0');
  std::uint64_t rest = low;
  std::uint64_t above = static_cast<std::uint64_t>(at.count()) << 16 | high;  // 64 bits on top
  for (std::size_t i = text.size(); i-- > 0;) {
    text[i] = kLetters[rest & 31];
    rest = rest >> 5 | above << 59;
    above >>= 5;
  }
  return text;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 1) append_escaped(text.front(), out);
    if (length > 1) out += text.substr(0, length);
    if (length == 0) out += kReplacement;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
  return out;
}

std::string milliseconds_text(std::chrono::microseconds time) {
  const std::int64_t micros = time.count() < 0 ? 0 : time.count();  // a clock may be set back
  std::string text = std::to_string(micros / 1000);
  std::string decimals = std::to_string(1000 + micros % 1000);
  decimals.front() = '.';
  return text + decimals;
}

std::string batch_text(const std::vector<std::string>& events) {
  std::string out = "[";
  for (const std::string& event : events) {
    if (out.size() > 1) out += ',';
    out += event;
  }
  out += ']';
  return out;
}

}  // namespace metergate::client
