// The parsing half of base/json: Boost.JSON's callback parser drives a builder of our own values,
// so that every number keeps its original digits.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <span>

#include "base/json.h"
#include "base/json_room.h"

namespace metergate {
namespace {

namespace bj = boost::json;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kMembersMax = 10'000;      // of one object
constexpr std::size_t kElementsMax = 4'000'000;  // of one array
// A tree of many small values takes many times the memory of its text, so its size is limited to
// three times the text plus this flat allowance, which lets small texts of any kind pass.
constexpr std::size_t kTreeBytesFlat = std::size_t{12} << 20;
constexpr std::size_t kTreeBytesPerByte = 3;
constexpr std::size_t kInPlaceMax = 15;  // texts up to this many bytes take no memory of their own

// A duplicate key, or nullptr. Sorts instead of hashing, so that no choice of keys makes it slow.
const std::string* repeated_key(std::span<const std::string> keys) {
  if (keys.size() <= 8) {  // most objects; saves an allocation
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (std::ranges::find(keys.first(i), keys[i]) !=
          keys.begin() + static_cast<std::ptrdiff_t>(i))
        return &keys[i];
    }
    return nullptr;
  }
  std::vector<const std::string*> sorted;
  for (const std::string& key : keys) sorted.push_back(&key);
  const auto by_text = [](const std::string* key) -> const std::string& { return *key; };
  std::ranges::sort(sorted, {}, by_text);
  const auto twice = std::ranges::adjacent_find(sorted, {}, by_text);
  return twice == sorted.end() ? nullptr : *twice;
}

// True if the decimal holds all digits that were sent. Short texts without an exponent always fit.
bool is_whole_value(const std::string& digits, Decimal decimal) {
  constexpr std::size_t kAlwaysFits = 18;
  if (digits.size() <= kAlwaysFits && digits.find_first_of("eE") == std::string::npos) return true;
  const auto sent = ExactNumber::parse(digits);
  const auto kept = ExactNumber::parse(to_text(decimal));
  return sent && kept && compare(*sent, *kept) == 0;
}

// The handler that boost::json::basic_parser calls; each callback returns false to stop.
struct Builder {
  Builder(JsonNumbers numbers_, std::size_t room) : numbers(numbers_), bytes_left(room) {}

  static constexpr std::size_t max_object_size = kMembersMax;
  static constexpr std::size_t max_array_size = kElementsMax;
  static constexpr std::size_t max_key_size = 64 * 1024;
  static constexpr std::size_t max_string_size = 64 * 1024 * 1024;

  std::vector<Json> values;         // finished, waiting for their container
  std::vector<std::size_t> starts;  // where each open container begins in `values`
  std::vector<std::string> keys;    // keys whose values are not finished or not yet taken
  std::string text;                 // parts of the string, key or number being read
  std::string refusal;              // the reason, if the builder stopped the parser
  JsonNumbers numbers;
  std::size_t bytes_left;  // the memory that the tree may still take
  bool is_too_large = false;

  bool refuse(std::string why, bj::error_code& code) {
    refusal = std::move(why);
    code = bj::error::syntax;
    return false;
  }

  // Takes the memory for a value or key with a text of that size; false, with `code` set, if none
  // is left.
  bool take_room(std::size_t own_bytes, std::size_t text_bytes, bj::error_code& code) {
    const std::size_t bytes = own_bytes + (text_bytes > kInPlaceMax ? text_bytes : 0);
    if (bytes <= bytes_left) {
      bytes_left -= bytes;
      return true;
    }
    is_too_large = true;
    return refuse("it has too many values for its size; send it in several parts", code);
  }
  template <class Value>
  bool add_value(Value&& value, bj::error_code& code, std::size_t text_bytes = 0) {
    if (!take_room(sizeof(Json), text_bytes, code)) return false;
    values.emplace_back(std::forward<Value>(value));
    return true;
  }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code& code) { return open(code); }
  bool on_object_begin(bj::error_code& code) { return open(code); }

  bool open(bj::error_code& code) {
    starts.push_back(values.size());
    return take_room(sizeof(Json), 0, code);
  }

  bool on_array_end(std::size_t, bj::error_code&) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(starts.back());
    Json::Array array;
    if (starts.back() == 0) {  // no other value waits: move all of them at once
      array = std::exchange(values, {});
    } else {
      array.assign(std::make_move_iterator(first), std::make_move_iterator(values.end()));
      values.erase(first, values.end());
    }
    starts.pop_back();
    values.emplace_back(std::move(array));
    return true;
  }

  bool on_object_end(std::size_t count, bj::error_code& code) {
    Json::Object object;
    object.reserve(count);
    const std::size_t first_value = starts.back();
    const std::size_t first_key = keys.size() - count;
    if (const std::string* key = repeated_key(std::span{keys}.subspan(first_key)))
      return refuse(fmt::format("the key \"{:.40}\" stands twice in one object", *key), code);
    for (std::size_t i = 0; i < count; ++i) {
      object.emplace_back(std::move(keys[first_key + i]), std::move(values[first_value + i]));
    }
    keys.resize(first_key);
    values.resize(first_value);
    starts.pop_back();
    values.emplace_back(std::move(object));
    return true;
  }

  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) { return add(part); }
  bool on_key(bj::string_view part, std::size_t, bj::error_code& code) {
    add(part);
    if (!take_room(sizeof(std::string), text.size(), code)) return false;
    keys.push_back(std::exchange(text, {}));
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) { return add(part); }
  bool on_string(bj::string_view part, std::size_t, bj::error_code& code) {
    add(part);
    const std::size_t bytes = text.size();
    return add_value(std::exchange(text, {}), code, bytes);
  }
  bool add(bj::string_view part) {
    text.append(part.data(), part.size());
    return true;
  }

  bool on_number_part(bj::string_view part, bj::error_code&) { return add(part); }
  bool on_int64(std::int64_t value, bj::string_view, bj::error_code& code) {
    text.clear();
    return add_value(value, code);
  }
  bool on_uint64(std::uint64_t, bj::string_view part, bj::error_code& code) {
    return on_double(0, part, code);
  }
  bool on_double(double, bj::string_view part, bj::error_code& code) {
    add(part);
    std::string digits = std::exchange(text, {});
    const auto decimal = parse_decimal(digits);
    if (numbers == JsonNumbers::any && !(decimal && is_whole_value(digits, *decimal))) {
      const std::size_t bytes = digits.size();
      return add_value(NumberText{std::move(digits)}, code, bytes);
    }
    if (!decimal) return refuse(fmt::format("the number {:.40} does not fit", digits), code);
    if (decimal->scale == 0) return add_value(decimal->unscaled, code);
    return add_value(*decimal, code);
  }
  bool on_bool(bool value, bj::error_code& code) { return add_value(value, code); }
  bool on_null(bj::error_code& code) { return add_value(nullptr, code); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

Result<Json> read_extended(Json value);

Result<Json> read_date(const Json& inner) {
  if (inner.is_string()) return Json{TRY(parse_timestamp(inner.as_string()))};
  auto number = inner.kind() == Json::Kind::integer ? inner.number() : std::nullopt;
  if (const auto text = inner.string_at("$numberLong"); text && inner.as_object().size() == 1)
    number = parse_decimal(*text);
  const auto in_range = [](std::int64_t ms) {
    return Timestamp{Milliseconds{ms}} >= kTimestampMin &&
           Timestamp{Milliseconds{ms}} <= kTimestampMax;
  };
  if (number && number->scale == 0 && in_range(number->unscaled))
    return Json{Timestamp{Milliseconds{number->unscaled}}};
  return fail(ErrorCode::invalid,
              "$date takes an RFC 3339 string or milliseconds since 1970, to the year 9999");
}

// The value of {"$date": …} and the like, or nothing for an ordinary object.
Result<std::optional<Json>> read_wrapper(const Json& value) {
  if (!value.is_object() || value.as_object().size() != 1) return std::nullopt;
  const auto& [key, inner] = value.as_object().front();
  if (key == "$date") return TRY(read_date(inner));
  if (key == "$numberLong" || key == "$numberInt" || key == "$numberDecimal" ||
      key == "$numberDouble") {
    const auto number = inner.is_string() ? parse_decimal(inner.as_string()) : std::nullopt;
    if (!number) return fail(ErrorCode::invalid, key + " takes a number as a string");
    return number->scale == 0 ? Json{number->unscaled} : Json{*number};
  }
  return std::nullopt;
}

Result<Json> read_extended(Json value) {
  if (auto wrapped = TRY(read_wrapper(value))) return *std::move(wrapped);
  if (value.is_object()) {
    for (auto& member : value.as_object())
      member.second = TRY(read_extended(std::move(member.second)));
  } else if (value.is_array()) {
    for (auto& element : value.as_array()) element = TRY(read_extended(std::move(element)));
  }
  return value;
}

}  // namespace

std::size_t json_room(std::size_t text_bytes) {
  return kTreeBytesFlat + kTreeBytesPerByte * text_bytes;
}

Result<Json> parse_json(std::string_view text, JsonNumbers numbers) {
  std::size_t room = json_room(text.size());
  return parse_json_within(text, numbers, room);
}

Result<Json> parse_json_within(std::string_view text, JsonNumbers numbers, std::size_t& room) {
  bj::parse_options options;
  options.max_depth = kDepthMax;
  bj::basic_parser<Builder> parser{options, numbers, room};
  bj::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  Builder& builder = parser.handler();
  room = builder.bytes_left;
  if (!code && read < text.size()) code = bj::error::extra_data;
  if (code || builder.values.size() != 1) {
    const std::string why = !builder.refusal.empty() ? builder.refusal
                            : code                   ? code.message()
                                                     : "it is incomplete";
    if (builder.is_too_large)
      return fail(ErrorCode::too_large,
                  fmt::format("the JSON cannot be read beyond byte {}: {}", read, why));
    return fail(ErrorCode::invalid, fmt::format("the JSON is not valid at byte {}: {}", read, why));
  }
  return std::move(builder.values.front());
}

Result<Json> parse_extended_json(std::string_view text) {
  return read_extended(TRY(parse_json(text)));
}

}  // namespace metergate
