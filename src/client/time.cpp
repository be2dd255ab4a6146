#include "client/time.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace metergate::client {

Steady::time_point steady_now() { return Steady::now(); }

std::chrono::milliseconds since_epoch() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

std::string utc_text(std::chrono::milliseconds since_epoch) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{since_epoch};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  // Eight bytes can only fail on a system without a random source, where ids could not be unique.
  if (getentropy(&number, sizeof number) != 0) std::abort();
  return number;
}

}  // namespace metergate::client
