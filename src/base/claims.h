// Claims: what a token's payload says. The plain form that nearly all tokens have (RFC 8259 without
// spaces, escapes and nested objects) is read where it lies, without a tree; any other by
// parse_json(). Both mean the same. A value; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/json.h"

namespace metergate {

class Claims {
 public:
  // Nothing where the payload is not one JSON object.
  static std::optional<Claims> parse(std::string payload);
  Claims() = default;  // none

  bool has(std::string_view name) const { return find(name).has_value(); }
  // The claim; nothing where it is absent.
  std::optional<Json> find(std::string_view name) const;
  // The same with its kind checked: nothing where it is absent or of another kind.
  std::optional<std::string> string_at(std::string_view name) const;
  std::optional<std::int64_t> integer_at(std::string_view name) const;
  std::optional<Decimal> number_at(std::string_view name) const;
  Json to_json() const;

 private:
  // A name or a value in the payload; texts without their quotes.
  struct Place {
    std::uint16_t begin = 0;
    std::uint16_t size = 0;
  };
  enum class Kind : std::uint8_t { text, integer, other };
  struct Member {
    Place name;
    Place value;
    Kind kind = Kind::other;
  };
  static constexpr std::size_t kMembersMax = 16;  // of the plain form
  class Scanner;

  explicit Claims(Json object) : tree_(std::move(object)) {}
  std::string_view at(Place place) const {
    return std::string_view{payload_}.substr(place.begin, place.size);
  }
  const Member* member(std::string_view name) const;
  Json value_of(const Member& member) const;

  std::optional<Json> tree_;  // where the payload is not of the plain form
  std::string payload_;
  std::array<Member, kMembersMax> members_;
  std::size_t count_ = 0;
};

}  // namespace metergate
