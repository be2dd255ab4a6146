// A progress line on a terminal: count, rate and remaining time. Nothing if standard error is not a
// terminal. One thread.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "base/time.h"

namespace metergate {

struct Progress {
  std::int64_t events = 0;
  std::int64_t bytes = 0;
  std::int64_t bytes_total = 0;  // 0: unknown
  Microseconds elapsed{0};
  std::string_view noun = "events";
};

// "120000 events  40000/s  60 %  2 s left"
std::string progress_text(const Progress& progress);

class ProgressLine {
 public:
  ProgressLine(const Clock& clock, std::ostream& err, std::string_view noun = "events");
  void show(std::int64_t events, std::int64_t bytes, std::int64_t bytes_total);
  void clear();

 private:
  const Clock& clock_;
  std::ostream& err_;
  bool is_terminal_;
  std::string_view noun_;
  Microseconds started_;
  Microseconds shown_{-1};
};

}  // namespace metergate
