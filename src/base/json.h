// Json: the one value model for bodies, answers and stored documents. No floating point: a number
// is an exact integer or an exact decimal, so an amount never changes between request and answer.
//
// Objects keep the order in which members were added. A Timestamp is a kind of its own: an RFC 3339
// string in API answers and {"$date": …} in Extended JSON. Parsing is strict (RFC 8259): invalid
// UTF-8, duplicate keys, a depth over 64, numbers that do not fit, and texts whose tree would take
// many times their own size are refused. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/decimal.h"
#include "base/exact_number.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

// A number that fits neither 64 bits nor a Decimal, with its original characters. Occurs only if
// parse_json was called with JsonNumbers::any.
struct NumberText {
  std::string text;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,
    decimal,
    string,
    timestamp,
    array,
    object,
    number_text
  };

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(Decimal value) : value_(value) {}
  Json(const char* value) : value_(std::string{value}) {}
  Json(std::string_view value) : value_(std::string{value}) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Timestamp value) : value_(value) {}
  Json(NumberText value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}

  static Json object(std::initializer_list<Member> members = {}) { return Json{Object(members)}; }
  static Json array() { return Json{Array{}}; }

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_number() const { return kind() == Kind::integer || kind() == Kind::decimal; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_array() const { return kind() == Kind::array; }

  // Each CHECKs the kind: test the kind first, or use number() and the *_at forms on input from
  // outside.
  bool as_bool() const { return as<bool>(); }
  std::int64_t as_integer() const { return as<std::int64_t>(); }
  const std::string& as_string() const { return as<std::string>(); }
  Timestamp as_timestamp() const { return as<Timestamp>(); }
  const Array& as_array() const { return as<Array>(); }
  Array& as_array() { return const_cast<Array&>(as<Array>()); }
  const Object& as_object() const { return as<Object>(); }
  Object& as_object() { return const_cast<Object&>(as<Object>()); }
  const std::string& as_number_text() const { return as<NumberText>().text; }
  // The value of an integer or a decimal; nothing for other kinds.
  std::optional<Decimal> number() const;
  // The value of any kind of number, whatever its size.
  std::optional<ExactNumber> exact_number() const;
  // The value of a number without a fraction that fits 64 bits, even if it is written 100.0.
  std::optional<std::int64_t> whole_number() const;

  // The member of an object, or nullptr (also if this is not an object).
  const Json* find(std::string_view key) const;
  // As find(), with the kind checked: nothing if the member is absent or of another kind.
  std::optional<std::string> string_at(std::string_view key) const;
  std::optional<std::int64_t> integer_at(std::string_view key) const;
  std::optional<bool> bool_at(std::string_view key) const;
  std::optional<Timestamp> timestamp_at(std::string_view key) const;
  // Replaces the member, or adds it at the end.
  void set(std::string_view key, Json value);
  bool remove(std::string_view key);
  void push_back(Json value) { as_array().push_back(std::move(value)); }

  // Equal kinds and values; numbers are compared by value, objects regardless of the order of
  // members.
  friend bool operator==(const Json& a, const Json& b);

 private:
  template <class T>
  const T& as() const {
    const T* value = std::get_if<T>(&value_);
    CHECK(value != nullptr);
    return *value;
  }

  std::variant<std::monostate, bool, std::int64_t, Decimal, std::string, Timestamp, Array, Object,
               NumberText>
      value_;
};

// The order in which documents are sorted and compared: null < numbers < strings < objects < arrays
// < booleans < timestamps (MongoDB's order of BSON types).
std::strong_ordering compare(const Json& a, const Json& b);

// Compact JSON text; a timestamp is written as RFC 3339 in UTC.
std::string to_text(const Json& value);
void append_text(const Json& value, std::string& out);
// The same with the time zone's offset on timestamps, as the API shows them.
void append_text(const Json& value, const TimeZone& zone, std::string& out);
// MongoDB Extended JSON v2, relaxed: timestamps are {"$date":"…"}.
std::string to_extended_text(const Json& value);
void append_quoted(std::string_view text, std::string& out);

enum class JsonNumbers : std::uint8_t {
  that_fit,  // others are refused; decimals beyond a Decimal's are cut
  any        // others become a NumberText
};
// Parses exactly one JSON value. ErrorCode::invalid with the position of the fault.
Result<Json> parse_json(std::string_view text, JsonNumbers numbers = JsonNumbers::that_fit);
// As parse_json(), but reads {"$date": …}, {"$numberLong": …} and the like as Extended JSON.
Result<Json> parse_extended_json(std::string_view text);
}  // namespace metergate
