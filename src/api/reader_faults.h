// What the readers of bodies and queries share: how faults become one answer. Functions; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::api {

// ErrorCode::invalid with all of them, and a message that tells the first few; fine where there are
// none.
Result<> result_of(const std::vector<Fault>& faults);

// The caller's own text for a message, cut where it is long: "'abc'".
std::string shown(std::string_view text);

// "free, basic, premium".
template <class Texts>
std::string joined(const Texts& texts) {
  std::string out;
  for (const auto& text : texts) {
    if (!out.empty()) out += ", ";
    out += text;
  }
  return out;
}

}  // namespace metergate::api
