#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace metergate {
namespace {

constexpr int kEndOfInput = std::char_traits<char>::eof();

// Characters that make spreadsheets read a formula, or that they skip before one. The last four are
// the fullwidth forms of = + - @, which some spreadsheets treat alike.
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

constexpr std::size_t kFirstLineBytesMax = 64 * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The separator in a first line "sep=;", which spreadsheets write and understand.
std::optional<char> named_separator(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const bool is_said = line.size() == 5 && (line.starts_with("sep=") || line.starts_with("SEP=") ||
                                            line.starts_with("Sep="));
  if (!is_said || line.back() == '"') return std::nullopt;
  return line.back();
}

char usual_separator(std::string_view line) {
  constexpr std::string_view kSeparators = ",;\t";  // the first one wins a tie
  std::array<std::size_t, kSeparators.size()> counts{};
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    const std::size_t place = is_quoted ? std::string_view::npos : kSeparators.find(c);
    if (place != std::string_view::npos) ++counts[place];
  }
  return kSeparators[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

bool is_blank(const CsvReader::Record& record) {
  return std::ranges::all_of(record, [](const std::string& field) {
    return field.find_first_not_of(" \t") == std::string::npos;
  });
}

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
  return refuse_at(line_, why);
}

std::unexpected<Error> CsvReader::refuse_at(std::size_t line, std::string_view why) {
  return fail(ErrorCode::invalid, fmt::format("line {}: {}", line, why));
}

int CsvReader::peek() {
  if (first_line_at_ < first_line_.size())
    return static_cast<unsigned char>(first_line_[first_line_at_]);
  return in_.rdbuf()->sgetc();
}

int CsvReader::take() {
  const bool is_taken = first_line_at_ < first_line_.size();
  const int c =
      is_taken ? static_cast<unsigned char>(first_line_[first_line_at_++]) : in_.rdbuf()->sbumpc();
  if (c == '\n') ++line_;
  return c;
}

// Reads as much of the first line as it takes to find the separator.
void CsvReader::take_first_line() {
  first_line_.clear();
  while (first_line_.size() < kFirstLineBytesMax && !first_line_.ends_with('\n')) {
    const int c = in_.rdbuf()->sbumpc();
    if (c == kEndOfInput) break;
    first_line_.push_back(static_cast<char>(c));
  }
}

// The separator must be known before the first field is read.
Result<> CsvReader::read_first_line() {
  take_first_line();
  if (first_line_.starts_with(kByteOrderMark)) first_line_.erase(0, kByteOrderMark.size());
  if (first_line_.starts_with("\xFF\xFE") || first_line_.starts_with("\xFE\xFF"))
    return refuse("this is UTF-16; save the file as UTF-8");
  if (const auto named = named_separator(first_line_)) {
    separator_ = *named;
    ++line_;
    take_first_line();
  } else {
    separator_ = usual_separator(first_line_);
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

// The kind of end that the character after a field marks.
Result<CsvReader::End> CsvReader::end_after(int c) {
  if (c == static_cast<unsigned char>(separator_)) return End::field;
  if (c == '\n') return End::record;
  if (c == kEndOfInput) return End::input;
  if (c == '\r' && take() == '\n') return End::record;
  return refuse(c == '\r' ? "a carriage return must be followed by a line feed"
                          : "a quoted field must be followed by a separator or the line's end");
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
  while (c != static_cast<unsigned char>(separator_) && c != '\n' && c != '\r' &&
         c != kEndOfInput) {
    if (c == '"') return refuse("a quote must begin its field");
    TRY(append(field, c));
    c = take();
  }
  return end_after(c);
}

Result<std::optional<CsvReader::Record>> CsvReader::next() {
  try {
    return read_record();
  } catch (const std::ios_base::failure& failure) {  // a file stream throws this on a bad read
    return fail(ErrorCode::storage, fmt::format("line {}: {}", line_, failure.what()));
  }
}

Result<CsvReader::Record> CsvReader::read_fields() {
  Record record;
  record.reserve(field_count_);
  for (End end = End::field; end == End::field;) {
    if (record.size() == limits_.fields_max)
      return refuse(fmt::format("a line has more than {} fields", limits_.fields_max));
    std::string& field = record.emplace_back();
    const auto begins_at = line_;
    end = TRY(read_field(field));
    if (!is_well_formed_utf8(field)) return refuse_at(begins_at, "a field is not UTF-8");
  }
  return record;
}

Result<std::optional<CsvReader::Record>> CsvReader::read_record() {
  if (record_line_ == 0) TRY(read_first_line());
  while (true) {
    record_line_ = line_;
    if (peek() == kEndOfInput) return std::nullopt;
    Record record = TRY(read_fields());
    if (is_blank(record)) continue;
    if (field_count_ == 0) field_count_ = record.size();
    if (record.size() == field_count_) return record;
    return fail(ErrorCode::invalid, fmt::format("line {}: it has {} fields, the first line has {}",
                                                record_line_, record.size(), field_count_));
  }
}

}  // namespace metergate
