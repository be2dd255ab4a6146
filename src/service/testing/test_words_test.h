// Short helpers for tests of services. Plain functions; safe from any thread.
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

// The value of a result; the test fails without it.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline Timestamp at(std::string_view text) { return must(parse_timestamp(text)); }

// The text of the shipped catalogue.
inline std::string catalogue_text() {
  std::ifstream file{METERGATE_SOURCE_DIR "/catalogue/plans.toml"};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace metergate
