// The exit status of every command (see `metergate help`): one table. Values; no threads.
#pragma once

#include "base/result.h"

namespace metergate {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;          // the command line was wrong
inline constexpr int kExitConfiguration = 3;  // a setting was wrong

// The status if a data folder cannot be opened: configuration if a setting does not fit it,
// otherwise failed.
inline int exit_of_opening(const Error& error) {
  return error.code == ErrorCode::invalid ? kExitConfiguration : kExitFailed;
}

}  // namespace metergate
