// Comma-separated values (RFC 4180): a writer for reports and a reader for imports, which also
// accepts the variants that spreadsheets write: semicolons or tabs, a "sep=" line, blank lines.
//
// The writer keeps spreadsheets from running text that a tenant wrote: a text that begins like a
// formula gets a single quote in front. Numbers are never escaped. The reader streams: one record
// at a time, each bounded, and the first fault ends it. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"

namespace metergate {

class CsvWriter {
 public:
  // Appends to `out`, which the caller may empty between rows to stream.
  explicit CsvWriter(std::string& out) : out_(out) {}
  void header(std::string_view line);  // written exactly as given
  void text(std::string_view value);
  void number(std::int64_t value);
  void number(Decimal value);
  void empty();
  void end_row();

 private:
  void separate();
  std::string& out_;
  bool is_first_ = true;
};

struct CsvLimits {
  std::size_t field_bytes_max = 64 * 1024;
  std::size_t fields_max = 256;
};

class CsvReader {
 public:
  using Record = std::vector<std::string>;

  // `in` is borrowed. Lines may end in CRLF or LF; a byte order mark at the start is skipped. The
  // separator is that of a first line "sep=…", otherwise whichever of comma, semicolon and tab is
  // most frequent in the first record. A record of blank fields only is skipped.
  explicit CsvReader(std::istream& in, CsvLimits limits = {}) : in_(in), limits_(limits) {}

  // The next record, or nothing at the end of the input. Every record must have as many fields as
  // the first. ErrorCode::invalid, with the line, if the text breaks RFC 4180, is not UTF-8 or
  // exceeds a limit; ErrorCode::storage if the input cannot be read. Must not be called again after
  // an error.
  Result<std::optional<Record>> next();
  // The line, counted from 1, on which the last record began.
  std::size_t line() const { return record_line_; }

 private:
  enum class End : std::uint8_t { field, record, input };

  Result<std::optional<Record>> read_record();
  Result<Record> read_fields();
  Result<> read_first_line();
  void take_first_line();
  Result<End> read_field(std::string& field);
  Result<End> read_quoted(std::string& field);
  Result<End> end_after(int c);
  Result<> append(std::string& field, int c);
  int take();
  int peek();
  std::unexpected<Error> refuse(std::string_view why) const;
  static std::unexpected<Error> refuse_at(std::size_t line, std::string_view why);

  std::istream& in_;
  CsvLimits limits_;
  std::string first_line_;  // read ahead from `in_`, not yet consumed
  std::size_t first_line_at_ = 0;
  char separator_ = ',';
  std::size_t line_ = 1;
  std::size_t record_line_ = 0;
  std::size_t field_count_ = 0;  // of the first record
};

}  // namespace metergate
