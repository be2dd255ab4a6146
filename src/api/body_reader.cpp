#include <fmt/format.h>

#include <algorithm>

#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/nearest.h"
#include "base/text.h"

namespace metergate::api {
namespace {

constexpr std::string_view kMediaType = "application/json";

bool is_space(char c) { return c == ' ' || c == '\t'; }

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_json(std::string_view content_type) {
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  std::string_view type = content_type.substr(0, semicolon);
  while (!type.empty() && is_space(type.back())) type.remove_suffix(1);
  return std::ranges::equal(type, kMediaType, [](char a, char b) { return small(a) == b; });
}

Result<> check_media_type(const http::Request& request) {
  const std::optional<std::string> type = request.header("content-type");
  if (type && !is_json(*type))
    return fail(ErrorCode::media_type,
                fmt::format("the body is {}; this route takes application/json", shown(*type)));
  const std::optional<std::string> coding = request.header("content-encoding");
  if (coding && *coding != "identity")
    return fail(
        ErrorCode::media_type,
        fmt::format("the body is encoded as {}; this route takes it as it is", shown(*coding)));
  return {};
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
           c == 0x7F;
  });
}

std::string text_rule(std::size_t length_min, std::size_t length_max) {
  if (length_min == length_max) return fmt::format("must be a text of {} characters", length_min);
  return fmt::format("must be a text of {} to {} characters", length_min, length_max);
}

std::string integer_rule(std::int64_t least, std::int64_t most) {
  return fmt::format("must be a whole number from {} to {}", least, most);
}

std::string choice_rule(std::initializer_list<std::string_view> allowed) {
  return fmt::format("must be one of: {}", joined(allowed));
}

// The value for a message; for texts only their kind, since a text may be a secret.
std::string kind_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::string:
      return "a text";
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "an object";
    case Json::Kind::boolean:
    case Json::Kind::integer:
    case Json::Kind::decimal:
    case Json::Kind::timestamp:
    case Json::Kind::number_text:
      return to_text(value);
  }
  return "";
}

}  // namespace

Result<BodyReader> BodyReader::open(const http::Request& request) {
  TRY(check_media_type(request));
  if (request.body.empty())
    return fail(ErrorCode::invalid, "the body is empty; send a JSON object");
  Json body = TRY(parse_json(request.body, JsonNumbers::any));
  if (!body.is_object()) return fail(ErrorCode::invalid, "the body is not a JSON object");
  return BodyReader{std::move(body)};
}

// null counts as absent.
const Json* BodyReader::take(std::string_view name) {
  known_.emplace_back(name);
  const Json* value = body_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void BodyReader::fault(std::string_view name, std::string message) {
  faults_.push_back(Fault{std::nullopt, std::string{name}, std::move(message)});
}

std::optional<std::string> BodyReader::optional_text(std::string_view name, std::size_t length_min,
                                                     std::size_t length_max) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fault(name, fmt::format("is {}; {}", kind_of(*value), text_rule(length_min, length_max)));
    return std::nullopt;
  }
  const std::string& text = value->as_string();
  const std::size_t length = character_count(text);
  if (length < length_min || length > length_max) {
    fault(name, fmt::format("has {} characters; {}", length, text_rule(length_min, length_max)));
    return std::nullopt;
  }
  if (has_control(text)) {
    fault(name, "has a control character; only tabs and line ends are allowed");
    return std::nullopt;
  }
  return text;
}

std::string BodyReader::required_text(std::string_view name, std::size_t length_min,
                                      std::size_t length_max) {
  const std::size_t faults_before = faults_.size();
  std::optional<std::string> text = optional_text(name, length_min, length_max);
  if (!text && faults_.size() == faults_before)
    fault(name, fmt::format("is missing; {}", text_rule(length_min, length_max)));
  return std::move(text).value_or(std::string{});
}

std::optional<std::string> BodyReader::optional_choice(
    std::string_view name, std::initializer_list<std::string_view> allowed) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string() && std::ranges::find(allowed, value->as_string()) != allowed.end())
    return value->as_string();
  const std::string given = value->is_string() ? shown(value->as_string()) : kind_of(*value);
  const std::string meant =
      value->is_string() ? did_you_mean(value->as_string(), allowed) : std::string{};
  fault(name, fmt::format("is {}; {}{}", given, choice_rule(allowed), meant));
  return std::nullopt;
}

std::string BodyReader::required_choice(std::string_view name,
                                        std::initializer_list<std::string_view> allowed) {
  const std::size_t faults_before = faults_.size();
  std::optional<std::string> chosen = optional_choice(name, allowed);
  if (!chosen && faults_.size() == faults_before)
    fault(name, fmt::format("is missing; {}", choice_rule(allowed)));
  return std::move(chosen).value_or(std::string{});
}

std::optional<std::int64_t> BodyReader::optional_integer(std::string_view name, std::int64_t least,
                                                         std::int64_t most) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> whole = value->whole_number();
  if (whole && *whole >= least && *whole <= most) return whole;
  fault(name, fmt::format("is {}; {}", kind_of(*value), integer_rule(least, most)));
  return std::nullopt;
}

std::int64_t BodyReader::required_integer(std::string_view name, std::int64_t least,
                                          std::int64_t most) {
  const std::size_t faults_before = faults_.size();
  const std::optional<std::int64_t> number = optional_integer(name, least, most);
  if (!number && faults_.size() == faults_before)
    fault(name, fmt::format("is missing; {}", integer_rule(least, most)));
  return number.value_or(least);
}

std::optional<bool> BodyReader::optional_flag(std::string_view name) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind() == Json::Kind::boolean) return value->as_bool();
  fault(name, fmt::format("is {}; must be true or false", kind_of(*value)));
  return std::nullopt;
}

std::optional<Timestamp> BodyReader::optional_time(std::string_view name) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fault(name, fmt::format("is {}; must be a time such as 2026-03-05T10:30:00Z", kind_of(*value)));
    return std::nullopt;
  }
  const Result<Timestamp> time = parse_timestamp(value->as_string());
  if (time) return *time;
  fault(name, fmt::format("is {}; must be a time such as 2026-03-05T10:30:00Z",
                          shown(value->as_string())));
  return std::nullopt;
}

std::optional<std::vector<std::string>> BodyReader::optional_texts(std::string_view name,
                                                                   std::size_t count_max) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  const auto is_text = [](const Json& element) {
    return element.is_string() && !has_control(element.as_string());
  };
  if (!value->is_array() || value->as_array().size() > count_max ||
      !std::ranges::all_of(value->as_array(), is_text)) {
    fault(name, fmt::format("must be a list of at most {} texts", count_max));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const Json& element : value->as_array()) texts.push_back(element.as_string());
  return texts;
}

const Json* BodyReader::optional_any(std::string_view name) { return take(name); }

bool BodyReader::is_null(std::string_view name) const {
  const Json* value = body_.find(name);
  return value != nullptr && value->is_null();
}

Result<> BodyReader::finish() {
  for (const Json::Member& member : body_.as_object()) {
    if (std::ranges::find(known_, member.first) == known_.end())
      faults_.push_back(Fault{std::nullopt, member.first,
                              known_.empty() ? std::string{"is unknown; the body has no members"}
                                             : "is unknown; allowed: " + joined(known_) +
                                                   did_you_mean(member.first, known_)});
  }
  return result_of(faults_);
}

}  // namespace metergate::api
