#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace metergate {
namespace {
constexpr Microseconds kShowEvery{100'000};
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
}  // namespace

std::string progress_text(const Progress& progress) {
  const std::int64_t elapsed_ms = std::max<std::int64_t>(progress.elapsed.count() / 1000, 1);
  std::string text = fmt::format("{} {}  {}/s", progress.events, progress.noun,
                                 progress.events * 1000 / elapsed_ms);
  if (progress.bytes_total > 0 && progress.bytes > 0) {
    const std::int64_t done = std::min(progress.bytes, progress.bytes_total);
    // In thousandths of the file, so that no product exceeds 64 bits.
    const std::int64_t permille =
        std::max<std::int64_t>(done / (progress.bytes_total / 1000 + 1), 1);
    const std::int64_t left_us =
        progress.elapsed.count() / permille * (1000 - std::min<std::int64_t>(permille, 1000));
    text += fmt::format("  {} %  {} s left", done == progress.bytes_total ? 100 : permille / 10,
                        done == progress.bytes_total ? 0 : left_us / kMicrosPerSecond);
  }
  return text;
}

ProgressLine::ProgressLine(const Clock& clock, std::ostream& err, std::string_view noun)
    : clock_(clock),
      err_(err),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      noun_(noun),
      started_(clock.steady()) {}

void ProgressLine::show(std::int64_t events, std::int64_t bytes, std::int64_t bytes_total) {
  if (!is_terminal_) return;
  const Microseconds now = clock_.steady();
  if (shown_.count() >= 0 && now - shown_ < kShowEvery) return;
  shown_ = now;
  err_ << "\r\x1b[K"
       << progress_text({.events = events,
                         .bytes = bytes,
                         .bytes_total = bytes_total,
                         .elapsed = now - started_,
                         .noun = noun_})
       << std::flush;
}

void ProgressLine::clear() {
  if (is_terminal_ && shown_.count() >= 0) err_ << "\r\x1b[K" << std::flush;
}

}  // namespace metergate
