// The encoding of events, counters, documents and batches in the journal, the view and the archive.
// One grammar, in docs/storage-format.md. Every decoder checks bounds and kinds and fails with
// ErrorCode::corrupt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "domain/counter.h"
#include "domain/meter_cell.h"
#include "domain/usage_event.h"

namespace metergate {

// Appends; integers are LEB128 (signed ones zig-zag), texts length-prefixed.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void unsigned_number(std::uint64_t value);
  void number(std::int64_t value);
  void text(std::string_view value);
  void event(const UsageEvent& event);
  void counter(const Counter& counter);
  void calls(const CallSums& sums);
  void json(const Json& value);
  void quantity(Quantity value);
  void cell(const MeterCell& cell);

 private:
  void histogram(const Histogram& histogram);
  void fixed(std::uint64_t value);  // u64
  std::string& out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}
  bool is_at_end() const { return rest_.empty(); }
  Result<std::uint8_t> byte();
  Result<std::uint64_t> unsigned_number();
  Result<std::int64_t> number();
  Result<std::string> text();
  Result<std::string_view> view();  // as text(), a view of the decoded bytes
  Result<UsageEvent> event();
  Result<Counter> counter();
  Result<CallSums> calls();
  Result<Json> json();
  Result<MeterCell> cell();

 private:
  std::string_view rest_;
};

}  // namespace metergate
