#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace metergate {
namespace {

constexpr int kEndOfInput = std::char_traits<char>::eof();

// What spreadsheets take for the start of a formula, or skip over to find one. The last four are
// the fullwidth forms of = + - @, which some of them fold.
constexpr std::array<std::string_view, 12> kFormulaStarts = {"=",
                                                             "+",
                                                             "-",
                                                             "@",
                                                             "\t",
                                                             "\r",
                                                             "\n",
                                                             std::string_view{"\0", 1},
                                                             "\xEF\xBC\x9D",
                                                             "\xEF\xBC\x8B",
                                                             "\xEF\xBC\x8D",
                                                             "\xEF\xBC\xA0"};

bool begins_like_a_formula(std::string_view text) {
  return std::ranges::any_of(kFormulaStarts,
                             [&](std::string_view start) { return text.starts_with(start); });
}

}  // namespace

void CsvWriter::separate() {
  if (!is_first_) out_.push_back(',');
  is_first_ = false;
}

void CsvWriter::header(std::string_view line) {
  out_ += line;
  end_row();
}

void CsvWriter::text(std::string_view value) {
  separate();
  const bool guard = begins_like_a_formula(value);
  if (value.find_first_of(",\"\r\n") == value.npos) {
    if (guard) out_.push_back('\'');
    out_ += value;
    return;
  }
  out_ += guard ? "\"'" : "\"";
  for (const char c : value) {
    if (c == '"') out_.push_back('"');
    out_.push_back(c);
  }
  out_.push_back('"');
}

void CsvWriter::number(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void CsvWriter::number(Decimal value) {
  separate();
  out_ += to_text(value);
}

void CsvWriter::empty() { separate(); }

void CsvWriter::end_row() {
  out_ += "\r\n";
  is_first_ = true;
}

std::unexpected<Error> CsvReader::refuse(std::string_view why) const {
  return fail(ErrorCode::invalid, fmt::format("line {}: {}", line_, why));
}

int CsvReader::take() {
  const int c = in_.rdbuf()->sbumpc();
  if (c == '\n') ++line_;
  return c;
}

// Skips a byte order mark; what is taken and turns out to be none begins the first field.
std::string CsvReader::skip_byte_order_mark() {
  std::string taken;
  for (const char wanted : {'\xEF', '\xBB', '\xBF'}) {
    if (in_.rdbuf()->sgetc() != static_cast<unsigned char>(wanted)) return taken;
    in_.rdbuf()->sbumpc();
    taken.push_back(wanted);
  }
  return {};
}

Result<> CsvReader::append(std::string& field, int c) {
  if (c == 0) return refuse("a NUL is not allowed");
  if (field.size() >= limits_.field_bytes_max)
    return refuse(fmt::format("a field is longer than {} bytes", limits_.field_bytes_max));
  field.push_back(static_cast<char>(c));
  return {};
}

// What the character behind a field ends.
Result<CsvReader::End> CsvReader::end_after(int c) {
  if (c == ',') return End::field;
  if (c == '\n') return End::record;
  if (c == kEndOfInput) return End::input;
  if (c == '\r' && take() == '\n') return End::record;
  return refuse(c == '\r' ? "a carriage return must be followed by a line feed"
                          : "a quoted field must be followed by a comma or the end of the line");
}

Result<CsvReader::End> CsvReader::read_quoted(std::string& field) {
  while (true) {
    int c = take();
    if (c == kEndOfInput) return refuse("the input ends inside a quoted field");
    if (c == '"') {
      c = take();
      if (c != '"') return end_after(c);
    }
    TRY(append(field, c));
  }
}

Result<CsvReader::End> CsvReader::read_field(std::string& field) {
  int c = take();
  if (c == '"' && field.empty()) return read_quoted(field);
  while (c != ',' && c != '\n' && c != '\r' && c != kEndOfInput) {
    if (c == '"') return refuse("a quote must begin its field");
    TRY(append(field, c));
    c = take();
  }
  return end_after(c);
}

Result<std::optional<CsvReader::Record>> CsvReader::next() {
  try {
    return read_record();
  } catch (const std::ios_base::failure& failure) {  // what a file stream throws on a bad read
    return fail(ErrorCode::storage, fmt::format("line {}: {}", line_, failure.what()));
  }
}

Result<std::optional<CsvReader::Record>> CsvReader::read_record() {
  std::string begun = record_line_ == 0 ? skip_byte_order_mark() : std::string{};
  record_line_ = line_;
  if (begun.empty() && in_.rdbuf()->sgetc() == kEndOfInput) return std::nullopt;
  Record record;
  record.reserve(field_count_);
  for (End end = End::field; end == End::field;) {
    if (record.size() == limits_.fields_max)
      return refuse(fmt::format("a line has more than {} fields", limits_.fields_max));
    std::string& field = record.emplace_back(std::exchange(begun, {}));
    end = TRY(read_field(field));
    if (!is_well_formed_utf8(field)) return refuse("a field is not UTF-8");
  }
  if (field_count_ == 0) field_count_ = record.size();
  if (record.size() != field_count_) {
    return fail(ErrorCode::invalid, fmt::format("line {}: it has {} fields, the first line has {}",
                                                record_line_, record.size(), field_count_));
  }
  return record;
}

}  // namespace metergate
