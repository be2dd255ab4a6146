// CSV: every record has as many fields as the first, and what is read is written and read again as
// the same fields, but for the quote before what looks like a formula.
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

void write_and_read(const std::vector<CsvReader::Record>& records) {
  std::string written;
  CsvWriter writer{written};
  for (const CsvReader::Record& record : records) {
    for (const std::string& field : record) writer.text(field);
    writer.end_row();
  }
  // With a line of its own about the separator, so that no field is taken for one.
  const auto again = read("sep=,\r\n" + written);
  claim(again.size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t k = 0; k < records[i].size(); ++k)
      claim(again[i][k] == records[i][k] || again[i][k] == "'" + records[i][k]);
  }
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const auto records = fuzz::read(std::string{fuzz::text_of(bytes, size)});
  if (records.empty()) return 0;
  fuzz::write_and_read(records);
  const Result<EventColumns> columns = EventColumns::read(records.front());
  if (!columns) return 0;
  for (std::size_t i = 1; i < records.size(); ++i) static_cast<void>(columns->event(records[i]));
  return 0;
}
