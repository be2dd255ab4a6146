// What all tests of services say in one word. Functions; any thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

// The value of a result that the test cannot go on without.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline Timestamp at(std::string_view text) { return must(parse_timestamp(text)); }

// The plans that are shipped.
inline std::string catalogue_text() {
  std::ifstream file{METERGATE_SOURCE_DIR "/catalogue/plans.toml"};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace metergate
