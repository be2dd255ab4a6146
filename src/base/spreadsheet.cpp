#include "base/spreadsheet.h"

#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "base/characters.h"

namespace metergate {
namespace {

constexpr std::size_t kTextCharactersMax = 32'000;  // a cell takes 32,767 UTF-16 units
constexpr std::size_t kScales = 19;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// A binary number of 64 bits gives back every decimal of 15 digits, and so do the 16 digits that
// the library writes of it. Spreadsheets show no more either.
constexpr std::int64_t kFirstTooLong = 1'000'000'000'000'000;

double nearest_double(Decimal value) {
  const std::string text = to_text(value);
  return std::strtod(text.c_str(), nullptr);
}

// XML has no control characters but tabs and line ends.
std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t characters = 0;
  for (const char c : text) {
    if (begins_character(c) && ++characters > kTextCharactersMax) return out += "\xE2\x80\xA6";
    const bool is_control = static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n';
    if (is_control) {
      out += kReplacement;
    } else {
      out += c;
    }
  }
  return out;
}

// "#,##0.00": digits in groups, as many decimals as the value is written with.
std::string format_of(std::size_t scale) {
  std::string format = "#,##0";
  if (scale > 0) format += '.' + std::string(scale, '0');
  return format;
}

// Leaves out of what is written to stderr the lines that the library writes there by itself when a
// file cannot be made; all else passes. The answer says what happened, in one line.
ssize_t write_all_but_the_librarys(void* /*nothing*/, const char* bytes, std::size_t size) {
  const std::string_view text{bytes, size};
  if (text.starts_with("[ERROR]") || text.starts_with("[WARNING]"))
    return static_cast<ssize_t>(size);
  return ::write(STDERR_FILENO, bytes, size);
}

// While it stands, stderr leaves the library's lines out. The stream is never closed, since another
// thread may be writing to it; one that fails to be made leaves things as they are.
class QuietLibrary {
 public:
  QuietLibrary() {
    static FILE* const quiet = line_by_line(::fopencookie(
        nullptr, "w",
        {.read = nullptr, .write = write_all_but_the_librarys, .seek = nullptr, .close = nullptr}));
    if (quiet != nullptr) stderr = quiet;
  }
  ~QuietLibrary() {
    std::fflush(stderr);
    stderr = kept_;
  }
  QuietLibrary(const QuietLibrary&) = delete;
  QuietLibrary& operator=(const QuietLibrary&) = delete;

 private:
  static FILE* line_by_line(FILE* stream) {
    if (stream != nullptr) std::setvbuf(stream, nullptr, _IOLBF, BUFSIZ);
    return stream;
  }
  static std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
  }
  std::lock_guard<std::mutex> lock_{one_at_a_time()};
  FILE* const kept_ = stderr;
};

}  // namespace

struct Spreadsheet::Book {
  std::string path;
  std::string scratch;
  lxw_workbook* workbook = nullptr;
  lxw_format* header = nullptr;
  lxw_format* strong = nullptr;
  std::array<lxw_format*, kScales> numbers{};

  lxw_format* number(std::size_t scale) {
    lxw_format*& format = numbers[std::min(scale, kScales - 1)];
    if (format != nullptr) return format;
    format = workbook_add_format(workbook);
    format_set_num_format(format, format_of(scale).c_str());
    return format;
  }
};

Spreadsheet::Spreadsheet(const SpreadsheetOptions& options) : book_(std::make_unique<Book>()) {
  book_->path = options.path;
  book_->scratch = options.scratch.string();
  lxw_workbook_options settings{};
  settings.constant_memory = LXW_TRUE;
  settings.tmpdir = book_->scratch.data();
  settings.use_zip64 = LXW_TRUE;
  book_->workbook = workbook_new_opt(book_->path.c_str(), &settings);
  lxw_doc_properties properties{};
  std::string title = options.title;
  std::string author = "Metergate";
  properties.title = title.data();
  properties.author = author.data();
  properties.created =
      std::chrono::floor<std::chrono::seconds>(options.made_at).time_since_epoch().count();
  workbook_set_properties(book_->workbook, &properties);
  book_->header = workbook_add_format(book_->workbook);
  format_set_bold(book_->header);
  format_set_bottom(book_->header, LXW_BORDER_THIN);
  format_set_text_wrap(book_->header);
  format_set_align(book_->header, LXW_ALIGN_VERTICAL_TOP);
  book_->strong = workbook_add_format(book_->workbook);
  format_set_bold(book_->strong);
}

Spreadsheet::~Spreadsheet() {
  if (book_->workbook != nullptr) lxw_workbook_free(book_->workbook);
}

bool Spreadsheet::holds_exactly(Decimal value) {
  const std::int64_t digits = trimmed(value).unscaled;
  return digits > -kFirstTooLong && digits < kFirstTooLong;
}

Spreadsheet::Sheet& Spreadsheet::add(std::string name, std::vector<SheetColumn> columns) {
  sheets_.push_back(std::unique_ptr<Sheet>(new Sheet{*this, std::move(name), std::move(columns)}));
  return *sheets_.back();
}

Result<> Spreadsheet::finish() {
  const QuietLibrary quiet;
  const lxw_error error = workbook_close(std::exchange(book_->workbook, nullptr));
  if (error == LXW_NO_ERROR) return {};
  return fail(ErrorCode::storage, std::string{"the XLSX file could not be written to "} +
                                      book_->scratch + ": " + lxw_strerror(error) +
                                      "; free some room there");
}

Spreadsheet::Sheet::Sheet(Spreadsheet& book, std::string name, std::vector<SheetColumn> columns)
    : book_(book), name_(std::move(name)), columns_(std::move(columns)) {
  begin();
}

void Spreadsheet::Sheet::begin() {
  Book& book = *book_.book_;
  const std::string name = ++number_ == 1 ? name_ : name_ + ' ' + std::to_string(number_);
  lxw_worksheet* sheet = workbook_add_worksheet(book.workbook, name.c_str());
  sheet_ = sheet;
  row_ = 0;
  column_ = 0;
  bool has_titles = false;
  for (const SheetColumn& column : columns_) {
    worksheet_set_column(sheet, column_, column_, column.width, nullptr);
    if (!column.title.empty()) {
      worksheet_write_string(sheet, row_, column_, column.title.c_str(), book.header);
      has_titles = true;
    }
    ++column_;
  }
  column_ = 0;
  if (!has_titles) return;
  row_ = 1;
  worksheet_freeze_panes(sheet, 1, 0);
  worksheet_repeat_rows(sheet, 0, 0);
  worksheet_set_landscape(sheet);
  worksheet_set_paper(sheet, 9);  // A4
  worksheet_fit_to_pages(sheet, 1, 0);
}

void Spreadsheet::Sheet::text(std::string_view value) {
  auto* sheet = static_cast<lxw_worksheet*>(sheet_);
  if (!value.empty())
    worksheet_write_string(sheet, row_, column_, printable(value).c_str(), nullptr);
  ++column_;
}

void Spreadsheet::Sheet::emphasised(std::string_view value) {
  auto* sheet = static_cast<lxw_worksheet*>(sheet_);
  worksheet_write_string(sheet, row_, column_, printable(value).c_str(), book_.book_->strong);
  ++column_;
}

void Spreadsheet::Sheet::number(Decimal value) {
  if (!holds_exactly(value)) return text(to_text(value));
  auto* sheet = static_cast<lxw_worksheet*>(sheet_);
  worksheet_write_number(sheet, row_, column_, nearest_double(value),
                         book_.book_->number(value.scale));
  ++column_;
}

void Spreadsheet::Sheet::end_row() {
  column_ = 0;
  if (++row_ >= kRowsMax) begin();
}

}  // namespace metergate
