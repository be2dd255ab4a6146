#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

// The rank of a kind in MongoDB's order of types.
int type_rank(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null:
      return 0;
    case Json::Kind::integer:
    case Json::Kind::decimal:
    case Json::Kind::number_text:
      return 1;
    case Json::Kind::string:
      return 2;
    case Json::Kind::object:
      return 3;
    case Json::Kind::array:
      return 4;
    case Json::Kind::boolean:
      return 5;
    case Json::Kind::timestamp:
      return 6;
  }
  return 7;
}

enum class TimestampStyle : std::uint8_t { utc, zoned, extended };

struct Writer {
  TimestampStyle style;
  const TimeZone* zone;
  std::string& out;

  void write_timestamp(Timestamp at) const {
    if (style == TimestampStyle::extended) {
      fmt::format_to(std::back_inserter(out), R"({{"$date":"{}"}})", to_text(at));
    } else {
      out.append("\"").append(style == TimestampStyle::zoned ? to_text(at, *zone) : to_text(at));
      out.append("\"");
    }
  }

  void write_integer(std::int64_t number) const {
    const fmt::format_int digits{number};
    out.append(digits.data(), digits.size());
  }

  void write_array(const Json::Array& array) const {
    out.push_back('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i != 0) out.push_back(',');
      write(array[i]);
    }
    out.push_back(']');
  }

  void write_object(const Json::Object& object) const {
    out.push_back('{');
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (i != 0) out.push_back(',');
      append_quoted(object[i].first, out);
      out.push_back(':');
      write(object[i].second);
    }
    out.push_back('}');
  }

  void write(const Json& value) const {
    switch (value.kind()) {
      case Json::Kind::null:
        out += "null";
        return;
      case Json::Kind::boolean:
        out += value.as_bool() ? "true" : "false";
        return;
      case Json::Kind::integer:
        write_integer(value.as_integer());
        return;
      case Json::Kind::decimal:
        out += to_text(*value.number());
        return;
      case Json::Kind::string:
        append_quoted(value.as_string(), out);
        return;
      case Json::Kind::timestamp:
        write_timestamp(value.as_timestamp());
        return;
      case Json::Kind::array:
        write_array(value.as_array());
        return;
      case Json::Kind::object:
        write_object(value.as_object());
        return;
      case Json::Kind::number_text:
        out += value.as_number_text();
        return;
    }
  }
};

std::strong_ordering compare_arrays(const Json::Array& a, const Json::Array& b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const Json& x, const Json& y) { return compare(x, y); });
}

std::strong_ordering compare_objects(const Json::Object& a, const Json::Object& b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(), [](const Json::Member& x, const Json::Member& y) {
        const auto by_key = x.first <=> y.first;
        return by_key != 0 ? by_key : compare(x.second, y.second);
      });
}

std::strong_ordering compare_numbers(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return compare(*a.number(), *b.number());
  // Never empty: a NumberText is created from valid numbers only.
  return compare(a.exact_number().value_or(ExactNumber{}),
                 b.exact_number().value_or(ExactNumber{}));
}

bool same_members(const Json::Object& a, const Json& b) {
  return a.size() == b.as_object().size() &&
         std::ranges::all_of(a, [&](const Json::Member& member) {
           const Json* other = b.find(member.first);
           return other != nullptr && *other == member.second;
         });
}

void append_escape(char c, std::string& out) {
  switch (c) {
    case '"':
    case '\\':
      out.push_back('\\');
      out.push_back(c);
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  }
}

}  // namespace

std::optional<Decimal> Json::number() const {
  if (kind() == Kind::integer) return Decimal{as_integer(), 0};
  if (kind() == Kind::decimal) return std::get<Decimal>(value_);
  return std::nullopt;
}

std::optional<ExactNumber> Json::exact_number() const {
  if (kind() == Kind::number_text) return ExactNumber::parse(as_number_text());
  const std::optional<Decimal> decimal = number();
  return decimal ? ExactNumber::parse(to_text(*decimal)) : std::nullopt;
}

std::optional<std::int64_t> Json::whole_number() const {
  const std::optional<Decimal> decimal = number();
  if (!decimal) return std::nullopt;
  const Decimal value = trimmed(*decimal);
  return value.scale == 0 ? std::optional(value.unscaled) : std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

std::optional<std::string> Json::string_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->is_string() ? std::optional{value->as_string()} : std::nullopt;
}

std::optional<std::int64_t> Json::integer_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->kind() == Kind::integer ? std::optional{value->as_integer()}
                                                            : std::nullopt;
}

std::optional<bool> Json::bool_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->kind() == Kind::boolean ? std::optional{value->as_bool()}
                                                            : std::nullopt;
}

std::optional<Timestamp> Json::timestamp_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->kind() == Kind::timestamp ? std::optional{value->as_timestamp()}
                                                              : std::nullopt;
}

void Json::set(std::string_view key, Json value) {
  for (Member& member : as_object()) {
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  }
  as_object().emplace_back(std::string{key}, std::move(value));
}

bool Json::remove(std::string_view key) {
  return std::erase_if(as_object(), [&](const Member& member) { return member.first == key; }) != 0;
}

bool operator==(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) return same_members(a.as_object(), b);
  if (a.is_array() && b.is_array()) return a.as_array() == b.as_array();
  return type_rank(a.kind()) == type_rank(b.kind()) && compare(a, b) == 0;
}

std::strong_ordering compare(const Json& a, const Json& b) {
  if (const auto by_type = type_rank(a.kind()) <=> type_rank(b.kind()); by_type != 0)
    return by_type;
  switch (a.kind()) {
    case Json::Kind::null:
      return std::strong_ordering::equal;
    case Json::Kind::integer:
    case Json::Kind::decimal:
    case Json::Kind::number_text:
      return compare_numbers(a, b);
    case Json::Kind::boolean:
      return a.as_bool() <=> b.as_bool();
    case Json::Kind::string:
      return a.as_string() <=> b.as_string();
    case Json::Kind::timestamp:
      return a.as_timestamp() <=> b.as_timestamp();
    case Json::Kind::array:
      return compare_arrays(a.as_array(), b.as_array());
    case Json::Kind::object:
      return compare_objects(a.as_object(), b.as_object());
  }
  return std::strong_ordering::equal;
}

void append_quoted(std::string_view text, std::string& out) {
  out.push_back('"');
  std::size_t plain = 0;  // start of the current run of characters that need no escape
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) continue;
    out.append(text, plain, at - plain);
    append_escape(c, out);
    plain = at + 1;
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
}

void append_text(const Json& value, std::string& out) {
  Writer{TimestampStyle::utc, nullptr, out}.write(value);
}

void append_text(const Json& value, const TimeZone& zone, std::string& out) {
  Writer{TimestampStyle::zoned, &zone, out}.write(value);
}

std::string to_text(const Json& value) {
  std::string out;
  append_text(value, out);
  return out;
}

std::string to_extended_text(const Json& value) {
  std::string out;
  Writer{TimestampStyle::extended, nullptr, out}.write(value);
  return out;
}

}  // namespace metergate
