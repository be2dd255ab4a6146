// Turns the faults of the readers of bodies and queries into one answer. Plain functions; safe from
// any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::api {

// ErrorCode::invalid with all faults, and a message that tells the first few; success if there are
// none.
Result<> result_of(const std::vector<Fault>& faults);

// The caller's text, quoted for a message and cut if it is long: "'abc'".
std::string shown(std::string_view text);

// The texts in one line: "free, basic, premium".
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
