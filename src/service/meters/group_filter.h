// GroupFilter: what a group's value must be, in the words of OpenMeter's string filters: {"$eq":
// "x"}, {"$in": […]}, {"$like": "gpt-%"}, {"$or": […]}. A group without a value is equal to
// nothing, like nothing, and neither less nor greater. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

inline constexpr std::size_t kGroupFilterTestsMax = 100;  // in one filter, at every depth
inline constexpr std::size_t kGroupFilterDepthMax = 4;

class GroupFilter {
 public:
  // ErrorCode::invalid says which part is none and what may stand there.
  static Result<GroupFilter> parse(const Json& filter);
  // Any of them.
  static GroupFilter any_of(std::vector<std::string> values);

  bool holds(const std::optional<std::string>& value) const;

 private:
  enum class Kind : std::uint8_t {
    all,  // of the children
    any,
    in,
    not_in,
    like,
    not_like,
    like_in_any_case,
    not_like_in_any_case,
    greater,
    greater_or_equal,
    less,
    less_or_equal
  };
  struct Row {
    std::string_view name;
    Kind kind;
    bool is_list;
  };
  static const Row kRows[];
  static Result<GroupFilter> parse(const Json& filter, std::size_t depth, std::size_t& tests);
  static Result<GroupFilter> parse_member(std::string_view name, const Json& value,
                                          std::size_t depth, std::size_t& tests);

  Kind kind_ = Kind::all;
  std::vector<std::string> values_;
  std::vector<GroupFilter> children_;
};

}  // namespace metergate
