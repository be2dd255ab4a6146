#include "api/event_scan.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace metergate::api {
namespace {

namespace od = simdjson::ondemand;

// `false` means "not usual". The reason does not matter, since the general reader finds it.
using Ok = bool;

// The raw text of a value, without trailing space.
Ok token_of(od::value value, std::string_view& token) {
  token = value.raw_json_token();
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return !token.empty();
}

// Reads a text that is not empty. The usual text, without escapes, is copied as it is.
Ok read_text(od::value value, std::string& text) {
  std::string_view token;
  if (!token_of(value, token) || token.size() < 3 || token.front() != '"') return false;
  if (token.find('\\') == std::string_view::npos) {
    if (token.back() != '"') return false;
    text.assign(token.substr(1, token.size() - 2));
    return true;
  }
  std::string_view plain;
  if (value.get_string().get(plain) != simdjson::SUCCESS || plain.empty()) return false;
  text.assign(plain);
  return true;
}

// Reads digits only, in JSON's form.
Ok read_digits(std::string_view digits, std::int64_t& number) {
  constexpr std::size_t kDigitsMax = 15;
  if (digits.empty() || digits.size() > kDigitsMax) return false;
  if (digits.front() == '0' && digits.size() > 1) return false;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() &&
         digits.front() != '-';
}

Ok read_integer(od::value value, std::int64_t& number) {
  std::string_view token;
  return token_of(value, token) && read_digits(token, number);
}

Ok read_status(od::value value, int& status) {
  constexpr std::int64_t kStatusMax = 999;
  std::int64_t number = 0;
  if (!read_integer(value, number) || number > kStatusMax) return false;
  status = static_cast<int>(number);
  return true;
}

// Milliseconds with up to three decimals.
Ok read_duration(od::value value, Microseconds& duration) {
  constexpr std::size_t kDecimalsMax = 3;
  std::string_view token;
  if (!token_of(value, token)) return false;
  const std::size_t point = std::min(token.find('.'), token.size());
  std::int64_t whole = 0;
  if (!read_digits(token.substr(0, point), whole)) return false;
  std::int64_t thousandths = 0;
  if (point < token.size()) {
    const std::string_view decimals = token.substr(point + 1);
    if (decimals.empty() || decimals.size() > kDecimalsMax) return false;
    for (std::size_t i = 0; i < kDecimalsMax; ++i) {
      const char digit = i < decimals.size() ? decimals[i] : '0';
      if (digit < '0' || digit > '9') return false;
      thousandths = thousandths * 10 + (digit - '0');
    }
  }
  constexpr std::int64_t kWholeMax = std::int64_t{1} << 40;
  if (whole > kWholeMax) return false;
  duration = Microseconds{whole * 1000 + thousandths};
  return true;
}

Ok read_flag(od::value value, bool& flag) {
  return value.get_bool().get(flag) == simdjson::SUCCESS;
}

// The raw key between its quotes; a key with escapes is not usual.
std::string_view key_of(od::field& field) {
  const char* start = field.key().raw();
  return {start, static_cast<std::size_t>(std::strchr(start, '"') - start)};
}

// The set of members met in an object, so that none counts twice and none is missing.
class Members {
 public:
  explicit Members(std::uint32_t needed) : needed_(needed) {}
  Ok take(std::uint32_t member) {
    const bool is_first = (seen_ & member) == 0;
    seen_ |= member;
    return is_first;
  }
  Ok is_complete() const { return (seen_ & needed_) == needed_; }
  bool has(std::uint32_t member) const { return (seen_ & member) != 0; }

 private:
  std::uint32_t needed_;
  std::uint32_t seen_ = 0;
};

constexpr std::uint32_t bit(int n) { return std::uint32_t{1} << n; }

Ok read_call_member(std::string_view key, od::value value, ApiCall& call, Members& members) {
  if (key == "method") return members.take(bit(0)) && read_text(value, call.method);
  if (key == "endpoint") return members.take(bit(1)) && read_text(value, call.endpoint);
  if (key == "status") return members.take(bit(2)) && read_status(value, call.status);
  if (key == "request_bytes")
    return members.take(bit(3)) && read_integer(value, call.request_bytes);
  if (key == "response_bytes")
    return members.take(bit(4)) && read_integer(value, call.response_bytes);
  if (key == "duration_ms") return members.take(bit(5)) && read_duration(value, call.duration);
  if (key == "path") return members.take(bit(6)) && read_text(value, call.path);
  if (key == "ip") return members.take(bit(7)) && read_text(value, call.ip);
  if (key == "store_id") return members.take(bit(8)) && read_text(value, call.store_id);
  if (key == "device_id") return members.take(bit(9)) && read_text(value, call.device_id);
  if (key == "caller") return members.take(bit(10)) && read_text(value, call.caller);
  if (key == "traceparent") {
    if (!members.take(bit(11)) || !read_text(value, call.traceparent)) return false;
    call.traceparent = traceparent_in_record(call.traceparent);
    return true;
  }
  return false;
}

Ok read_webhook_member(std::string_view key, od::value value, WebhookCall& call, Members& members) {
  if (key == "webhook_id") return members.take(bit(0)) && read_text(value, call.webhook_id);
  if (key == "success") return members.take(bit(1)) && read_flag(value, call.success);
  if (key == "duration_ms") return members.take(bit(2)) && read_duration(value, call.duration);
  if (key == "status") return members.take(bit(3)) && read_status(value, call.status);
  return false;
}

// Passes each member of `data` to `read_member`.
template <class Call, class ReadMember>
Ok read_members(od::object data, Members members, Call& call, const ReadMember& read_member) {
  for (auto given : data) {
    od::field field;
    if (std::move(given).get(field) != simdjson::SUCCESS) return false;
    if (!read_member(key_of(field), field.value(), call, members)) return false;
  }
  return members.is_complete();
}

Ok read_call(od::object data, ApiCall& call) {
  constexpr std::uint32_t kNeeded = bit(6) - 1;
  if (!read_members(data, Members(kNeeded), call, read_call_member)) return false;
  call.endpoint = endpoint_with_method(call.method, call.endpoint);
  return true;
}

Ok read_webhook(od::object data, WebhookCall& call) {
  constexpr std::uint32_t kNeeded = bit(3) - 1;
  return read_members(data, Members(kNeeded), call, read_webhook_member);
}

// Texts that are needed only while an event is read; reused from event to event for their memory.
struct Attributes {
  std::string type;  // empty until it is met
  std::string subject;
  std::string scratch;  // for values that are checked but not kept
  // Events of a batch often have the same time: the last one read.
  std::string time;
  Timestamp at{};
};

constexpr std::uint32_t kId = bit(0);
constexpr std::uint32_t kSource = bit(1);
constexpr std::uint32_t kType = bit(2);
constexpr std::uint32_t kData = bit(3);
constexpr std::uint32_t kSubject = bit(4);
constexpr std::uint32_t kTime = bit(5);
constexpr std::uint32_t kVersion = bit(6);
constexpr std::uint32_t kContentType = bit(7);

Ok read_time(od::value value, Attributes& attributes, UsageEvent& event) {
  std::string& text = attributes.scratch;
  if (!read_text(value, text)) return false;
  if (text != attributes.time) {
    const Result<Timestamp> at = parse_timestamp(text);
    if (!at) return false;
    attributes.time = text;
    attributes.at = *at;
  }
  event.occurred_at = attributes.at;
  return true;
}

// `data` may precede `type`; data that fits neither kind of call is not usual.
Ok read_data(od::value value, std::string_view type, UsageEvent& event) {
  od::object data;
  if (value.get_object().get(data) != simdjson::SUCCESS) return false;
  if (type == "api.call") return read_call(data, event.fact.emplace<ApiCall>());
  if (type == "webhook.call") return read_webhook(data, event.fact.emplace<WebhookCall>());
  return false;
}

Ok read_attribute(std::string_view key, od::value value, Attributes& attributes, UsageEvent& event,
                  Members& members) {
  std::string& scratch = attributes.scratch;
  if (key == "id") return members.take(kId) && read_text(value, event.id);
  if (key == "source") return members.take(kSource) && read_text(value, event.source);
  if (key == "type") return members.take(kType) && read_text(value, attributes.type);
  if (key == "subject") return members.take(kSubject) && read_text(value, attributes.subject);
  if (key == "time") return members.take(kTime) && read_time(value, attributes, event);
  if (key == "data") return members.take(kData) && read_data(value, attributes.type, event);
  if (key == "specversion")
    return members.take(kVersion) && read_text(value, scratch) && scratch == "1.0";
  if (key == "datacontenttype")
    return members.take(kContentType) && read_text(value, scratch) && scratch == "application/json";
  return false;
}

Ok read_subject(const Attributes& attributes, bool has_subject, const EventContext& context,
                TenantId& tenant) {
  if (!has_subject) {
    if (context.own_tenant) tenant = *context.own_tenant;
    return context.own_tenant.has_value();
  }
  Result<TenantId> named = TenantId::parse(attributes.subject);
  if (!named || (context.own_tenant && *named != *context.own_tenant)) return false;
  tenant = *std::move(named);
  return true;
}

Ok read_event(od::object element, const EventContext& context, Attributes& attributes,
              UsageEvent& event) {
  Members members(kId | kSource | kType | kData | (context.needs_specversion ? kVersion : 0));
  attributes.type.clear();
  for (auto given : element) {
    od::field field;
    if (std::move(given).get(field) != simdjson::SUCCESS) return false;
    if (!read_attribute(key_of(field), field.value(), attributes, event, members)) return false;
  }
  event.has_own_time = members.has(kTime);
  if (!event.has_own_time) event.occurred_at = context.now;
  return members.is_complete() &&
         read_subject(attributes, members.has(kSubject), context, event.tenant);
}

Ok read_batch(od::array elements, const EventContext& context, std::vector<UsageEvent>& events) {
  Attributes attributes;
  for (auto element : elements) {
    od::object object;
    if (events.size() == kBatchEventsMax) return false;
    if (element.get_object().get(object) != simdjson::SUCCESS) return false;
    if (!read_event(object, context, attributes, events.emplace_back())) return false;
  }
  return !events.empty();
}

Ok read_body(od::document& document, BodyShape shape, const EventContext& context,
             std::vector<UsageEvent>& events) {
  od::json_type kind{};
  if (document.type().get(kind) != simdjson::SUCCESS) return false;
  if (kind == od::json_type::array && shape != BodyShape::one) {
    od::array elements;
    return document.get_array().get(elements) == simdjson::SUCCESS &&
           read_batch(elements, context, events);
  }
  if (kind != od::json_type::object || shape == BodyShape::batch) return false;
  od::object object;
  Attributes attributes;
  return document.get_object().get(object) == simdjson::SUCCESS &&
         read_event(object, context, attributes, events.emplace_back());
}

// There is no location any more after the last bracket.
Ok is_at_end(od::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace

std::optional<std::vector<UsageEvent>> scan_events(std::string_view text, BodyShape shape,
                                                   const EventContext& context) {
  constexpr std::size_t kUsualEventBytes = 192;  // a lower bound: growing vectors of events is slow
  constexpr std::size_t kKeptBytesMax = std::size_t{1} << 20;
  // Memory of the usual size is kept from body to body; a larger one is freed.
  thread_local od::parser kept;
  od::parser fresh;
  od::parser& parser = text.size() > kKeptBytesMax ? fresh : kept;
  std::string padded;
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  od::document document;
  const simdjson::padded_string_view view(padded.data(), padded.size(), padded.capacity());
  if (parser.iterate(view).get(document) != simdjson::SUCCESS) return std::nullopt;
  std::vector<UsageEvent> events;
  events.reserve(std::min(text.size() / kUsualEventBytes + 1, kBatchEventsMax));
  if (!read_body(document, shape, context, events) || !is_at_end(document)) return std::nullopt;
  return events;
}

}  // namespace metergate::api
