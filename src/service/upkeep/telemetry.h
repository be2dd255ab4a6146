// Telemetry: what the doors raise as they work, and whom GET /metrics asks besides. Owned by app.
//
// The tallies may be raised from any thread and cost no lock. Sources come and go with the parts
// that they tell of: who adds one clears it before that part goes.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <vector>

#include "base/tally.h"
#include "service/upkeep/metric_table.h"

namespace metergate {

struct Telemetry {
  StatusTallies http_answers;
  LatencyTally http_durations;
  LatencyTally ingest_durations;

  enum class AnsweredBy : std::uint8_t { upstream, gateway, nobody };
  std::array<StatusTallies, 3> gateway_answers;
  LatencyTally gateway_durations;
  Tally gateway_bytes_in;
  Tally gateway_bytes_out;

  // Whose address is asked for no token; empty: nobody's is.
  std::function<bool(std::string_view ip)> is_open_to;
  std::int64_t tenants_told = 0;  // of whom usage is told by name

  using Source = std::function<void(MetricsText&)>;
  void add_source(Source source) {
    const std::lock_guard lock{mutex_};
    sources_.push_back(std::move(source));
  }
  void clear_sources() {
    const std::lock_guard lock{mutex_};
    sources_.clear();
  }
  void ask_sources(MetricsText& text) const {
    const std::lock_guard lock{mutex_};
    for (const Source& source : sources_) source(text);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Source> sources_;
};

}  // namespace metergate
