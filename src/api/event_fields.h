// Reads the members of one element of an event batch, strictly by kind; each wrong one becomes a
// fault with the element's index. An optional member may be absent or null. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "service/shared/faults.h"

namespace metergate::api {

enum class Need : std::uint8_t { required, optional };

class EventFields {
 public:
  // `prefix` precedes the names in faults: "data." or nothing.
  EventFields(const Json& object, std::string_view prefix, std::size_t index, Faults& faults)
      : object_(object), prefix_(prefix), index_(index), faults_(faults) {
    known_.reserve(kKnownUsual);
  }

  // Each returns an empty text, 0, false or nothing if the member is absent or wrong.
  std::string text(std::string_view name, Need need);
  std::int64_t integer(std::string_view name, Need need);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  int small_integer(std::string_view name, Need need);  // a number that fits an int
  bool flag(std::string_view name);                     // required
  // A number of milliseconds, to the microsecond; finer parts are rounded half away from zero.
  Microseconds duration_ms(std::string_view name);
  std::optional<Timestamp> time(std::string_view name);
  const Json* any(std::string_view name);  // nullptr if absent or null

  void fault(std::string_view name, std::string message);
  // Adds a fault for each member that was not read and that `is_allowed` does not accept, with the
  // nearest one that was read.
  void refuse_others(bool (*is_allowed)(std::string_view name), std::string_view why);
  bool is_good() const { return good_; }

 private:
  static constexpr std::size_t kKnownUsual = 12;  // members read from an api.call
  const Json* need(std::string_view name, Need need);
  const Json& object_;
  std::string_view prefix_;
  std::size_t index_;
  Faults& faults_;
  std::vector<std::string_view> known_;
  bool good_ = true;
};

}  // namespace metergate::api
