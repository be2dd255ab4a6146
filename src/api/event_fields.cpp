#include "api/event_fields.h"

#include <algorithm>
#include <limits>

#include "base/nearest.h"

namespace metergate::api {
namespace {

std::string text_of_number(const Json& number) {
  constexpr std::size_t kShownMax = 40;
  return to_text(number).substr(0, kShownMax);
}

}  // namespace

void EventFields::fault(std::string_view name, std::string message) {
  good_ = false;
  faults_.add(ErrorCode::invalid,
              Fault{index_, std::string(prefix_) + std::string(name), std::move(message)});
}

const Json* EventFields::any(std::string_view name) {
  known_.push_back(name);
  const Json* value = object_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Json* EventFields::need(std::string_view name, Need need) {
  const Json* value = any(name);
  if (value == nullptr && need == Need::required) fault(name, "is missing");
  return value;
}

std::string EventFields::text(std::string_view name, Need need_) {
  const Json* value = need(name, need_);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    fault(name, "must be a text");
    return {};
  }
  if (value->as_string().empty()) fault(name, "must not be empty");
  return value->as_string();
}

std::optional<std::int64_t> EventFields::optional_integer(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (const auto whole = value->whole_number()) return whole;
  fault(name, value->exact_number()
                  ? "is " + text_of_number(*value) + "; must be a whole number that 64 bits hold"
                  : "must be a whole number");
  return std::nullopt;
}

std::int64_t EventFields::integer(std::string_view name, Need need_) {
  if (need(name, need_) == nullptr) return 0;
  return optional_integer(name).value_or(0);
}

int EventFields::small_integer(std::string_view name, Need need_) {
  const std::int64_t value = integer(name, need_);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    fault(name, "is out of range");
    return 0;
  }
  return static_cast<int>(value);
}

bool EventFields::flag(std::string_view name) {
  const Json* value = need(name, Need::required);
  if (value == nullptr) return false;
  if (value->kind() == Json::Kind::boolean) return value->as_bool();
  fault(name, "must be true or false");
  return false;
}

Microseconds EventFields::duration_ms(std::string_view name) {
  const Json* value = need(name, Need::required);
  if (value == nullptr) return Microseconds{0};
  const std::optional<ExactNumber> number = value->exact_number();
  if (!number) {
    fault(name, "must be a number of milliseconds");
    return Microseconds{0};
  }
  constexpr unsigned kMicrosecondDecimals = 3;  // of a millisecond
  const auto micros = scaled(*number, kMicrosecondDecimals);
  if (micros && *micros <= INT64_MAX && *micros >= INT64_MIN)
    return Microseconds{static_cast<std::int64_t>(*micros)};
  fault(name, "is out of range");
  return Microseconds{0};
}

std::optional<Timestamp> EventFields::time(std::string_view name) {
  const std::string value = text(name, Need::optional);
  if (value.empty()) return std::nullopt;
  const Result<Timestamp> at = parse_timestamp(value);
  if (at) return *at;
  fault(name, at.error().message);
  return std::nullopt;
}

void EventFields::refuse_others(bool (*is_allowed)(std::string_view name), std::string_view why) {
  for (const auto& [name, value] : object_.as_object()) {
    if (std::ranges::find(known_, name) == known_.end() && !is_allowed(name)) {
      fault(name, std::string(why) + did_you_mean(name, known_));
    }
  }
}

}  // namespace metergate::api
