#include <fmt/format.h>

#include <algorithm>

#include "api/media_type.h"
#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/characters.h"
#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"

namespace metergate::api {
namespace {

constexpr std::string_view kMediaType = "application/json";

Result<> check_media_type(const http::Request& request) {
  const std::optional<std::string> type = request.header("content-type");
  if (type && media_type_of(*type) != kMediaType)
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
  return std::ranges::any_of(text, is_control_but_no_blank);
}

std::string text_rule(const Field& field) {
  if (field.least == field.most) return fmt::format("must be a text of {} characters", field.least);
  return fmt::format("must be a text of {} to {} characters", field.least, field.most);
}

// The rule of a value in words; empty for kinds that have readers of their own.
std::string rule_of(const Field& field) {
  switch (field.kind) {
    case Kind::text:
      return text_rule(field);
    case Kind::integer:
      return fmt::format("must be a whole number from {} to {}", field.least, field.most);
    case Kind::flag:
      return "must be true or false";
    case Kind::choice:
      return fmt::format("must be one of: {}", joined(field.words));
    case Kind::time:
      return "must be a time such as 2026-03-05T10:30:00Z";
    case Kind::texts:
      return fmt::format("must be a list of at most {} texts", field.most);
    case Kind::any:
    case Kind::number:
    case Kind::choices:
    case Kind::sort:
    case Kind::day_or_time:
    case Kind::day:
    case Kind::month:
    case Kind::object:
    case Kind::list:
    case Kind::map:
      return {};
  }
  return {};
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

// The fault of a text, with its rule; empty if the value is valid.
std::string fault_of_text(const Field& field, const Json& value) {
  if (!value.is_string()) return fmt::format("is {}; {}", kind_of(value), text_rule(field));
  const auto length = static_cast<std::int64_t>(character_count(value.as_string()));
  if (length < field.least || length > field.most)
    return fmt::format("has {} characters; {}", length, text_rule(field));
  if (has_control(value.as_string()))
    return "has a control character; only tabs and line ends are allowed";
  return {};
}

std::string fault_of_choice(const Field& field, const Json& value) {
  if (!value.is_string()) return fmt::format("is {}; {}", kind_of(value), rule_of(field));
  const std::string& text = value.as_string();
  if (std::ranges::find(field.words, text) != field.words.end()) return {};
  return fmt::format("is {}; {}{}", shown(text), rule_of(field), did_you_mean(text, field.words));
}

std::string fault_of_time(const Field& field, const Json& value) {
  if (!value.is_string()) return fmt::format("is {}; {}", kind_of(value), rule_of(field));
  if (parse_timestamp(value.as_string())) return {};
  return fmt::format("is {}; {}", shown(value.as_string()), rule_of(field));
}

bool is_list_of_texts(const Field& field, const Json& value) {
  const auto is_text = [](const Json& element) {
    return element.is_string() && !has_control(element.as_string());
  };
  return value.is_array() && value.as_array().size() <= static_cast<std::size_t>(field.most) &&
         std::ranges::all_of(value.as_array(), is_text);
}

std::string fault_of(const Field& field, const Json& value) {
  switch (field.kind) {
    case Kind::text:
      return fault_of_text(field, value);
    case Kind::integer: {
      const std::optional<std::int64_t> whole = value.whole_number();
      if (whole && *whole >= field.least && *whole <= field.most) return {};
      return fmt::format("is {}; {}", kind_of(value), rule_of(field));
    }
    case Kind::flag:
      if (value.kind() == Json::Kind::boolean) return {};
      return fmt::format("is {}; {}", kind_of(value), rule_of(field));
    case Kind::choice:
      return fault_of_choice(field, value);
    case Kind::time:
      return fault_of_time(field, value);
    case Kind::texts:
      return is_list_of_texts(field, value) ? std::string{} : rule_of(field);
    case Kind::any:
    case Kind::number:
    case Kind::choices:
    case Kind::sort:
    case Kind::day_or_time:
    case Kind::day:
    case Kind::month:
    case Kind::object:
    case Kind::list:
    case Kind::map:
      return {};
  }
  return {};
}

}  // namespace

Result<BodyReader> BodyReader::open(const Call& call) {
  CHECK(call.route.body.shape != nullptr);  // a handler that reads what its row does not have
  return open(call.request, call.route.body.shape->fields);
}

Result<BodyReader> BodyReader::open(const http::Request& request, std::span<const Field> fields) {
  TRY(check_media_type(request));
  if (request.body.empty())
    return fail(ErrorCode::invalid, "the body is empty; send a JSON object");
  Json body = TRY(parse_json(request.body, JsonNumbers::any));
  if (!body.is_object()) return fail(ErrorCode::invalid, "the body is not a JSON object");
  return BodyReader{std::move(body), fields};
}

BodyReader::BodyReader(Json body, std::span<const Field> fields)
    : body_(std::move(body)), fields_(fields) {
  for (const Field& field : fields_) check(field);
}

// null counts as absent.
const Json* BodyReader::value_of(const Field& field) const {
  const Json* value = body_.find(field.name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void BodyReader::check(const Field& field) {
  const Json* value = value_of(field);
  std::string found;
  if (value != nullptr) {
    found = fault_of(field, *value);
  } else if (field.is_required) {
    const std::string rule = rule_of(field);
    found = rule.empty() ? std::string{"is missing"} : "is missing; " + rule;
  }
  if (found.empty()) return;
  wrong_.push_back(&field);
  fault(field.name, std::move(found));
}

void BodyReader::fault(std::string_view name, std::string message) {
  faults_.push_back(Fault{std::nullopt, std::string{name}, std::move(message)});
}

// Nothing where it is left out or wrong.
const Json* BodyReader::good(std::string_view name) const {
  const Field* field = find_field(fields_, name);
  CHECK(field != nullptr);  // a handler that reads what its row does not have
  return std::ranges::find(wrong_, field) == wrong_.end() ? value_of(*field) : nullptr;
}

std::optional<std::string> BodyReader::maybe_text(std::string_view name) const {
  const Json* value = good(name);
  if (value == nullptr) return std::nullopt;
  return value->as_string();
}

std::string BodyReader::text(std::string_view name) const {
  return maybe_text(name).value_or(std::string{});
}

std::int64_t BodyReader::integer(std::string_view name) const {
  const Json* value = good(name);
  return value == nullptr ? 0 : value->whole_number().value_or(0);
}

std::optional<bool> BodyReader::maybe_flag(std::string_view name) const {
  const Json* value = good(name);
  if (value == nullptr) return std::nullopt;
  return value->as_bool();
}

std::optional<Timestamp> BodyReader::maybe_time(std::string_view name) const {
  const Json* value = good(name);
  if (value == nullptr) return std::nullopt;
  const Result<Timestamp> time = parse_timestamp(value->as_string());
  CHECK(time.has_value());  // it was checked when the body was opened
  return *time;
}

std::optional<std::vector<std::string>> BodyReader::maybe_texts(std::string_view name) const {
  const Json* value = good(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& element : value->as_array()) texts.push_back(element.as_string());
  return texts;
}

std::vector<std::string> BodyReader::texts(std::string_view name) const {
  return maybe_texts(name).value_or(std::vector<std::string>{});
}

const Json* BodyReader::maybe_any(std::string_view name) const { return good(name); }

bool BodyReader::is_null(std::string_view name) const {
  const Json* value = body_.find(name);
  return value != nullptr && value->is_null();
}

Result<> BodyReader::finish() {
  std::vector<std::string_view> known;
  for (const Field& field : fields_) known.push_back(field.name);
  for (const Json::Member& member : body_.as_object()) {
    if (std::ranges::find(known, member.first) != known.end()) continue;
    faults_.push_back(Fault{std::nullopt, member.first,
                            known.empty() ? std::string{"is unknown; the body has no members"}
                                          : "is unknown; allowed: " + joined(known) +
                                                did_you_mean(member.first, known)});
  }
  return result_of(faults_);
}

}  // namespace metergate::api
