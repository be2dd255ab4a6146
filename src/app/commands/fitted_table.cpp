#include "app/commands/fitted_table.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/characters.h"
#include "base/check.h"

namespace metergate {
namespace {

constexpr std::size_t kGap = 2;          // between two columns
constexpr std::size_t kCutWidthMin = 8;  // of a text that is cut
constexpr std::string_view kCutMark = "…";

struct Range {
  char32_t first;
  char32_t last;
};

// East Asian wide and full-width forms, and pictures.
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
// Marks on the letter before, joiners, marks of direction.
constexpr std::array<Range, 6> kNone = {{{0x0300, 0x036F},
                                         {0x0591, 0x05BD},
                                         {0x064B, 0x065F},
                                         {0x200B, 0x200F},
                                         {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F}}};

struct Letter {
  std::size_t bytes;
  std::size_t width;
};

// The first of a text that is not empty. A byte that begins none is one of its own.
Letter first_letter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || text.size() < bytes) return {1, 1};
  auto character = static_cast<char32_t>(lead & (0x7FU >> bytes));
  for (std::size_t i = 1; i < bytes; ++i)
    character = (character << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  const auto is_in = [character](const Range& range) {
    return character >= range.first && character <= range.last;
  };
  if (std::ranges::any_of(kNone, is_in)) return {bytes, 0};
  return {bytes, std::ranges::any_of(kWide, is_in) ? 2U : 1U};
}

std::string cut(std::string_view text, std::size_t width) {
  if (shown_width(text) <= width) return std::string{text};
  std::size_t bytes = 0;
  for (std::size_t used = 1; bytes < text.size();) {  // the mark takes one
    const Letter letter = first_letter(text.substr(bytes));
    if (used + letter.width > width) break;
    used += letter.width;
    bytes += letter.bytes;
  }
  return std::string{text.substr(0, bytes)}.append(kCutMark);
}

std::size_t line_width(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

}  // namespace

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    width += letter.width;
    text.remove_prefix(letter.bytes);
  }
  return width;
}

std::string with_grouped_digits(std::string_view number) {
  const std::size_t start = number.starts_with('-') ? 1 : 0;
  const std::size_t end = std::min(number.find_first_not_of("0123456789", start), number.size());
  std::string text{number.substr(0, start)};
  for (std::size_t i = start; i < end; ++i) {
    if (i > start && (end - i) % 3 == 0) text.push_back(',');
    text.push_back(number[i]);
  }
  return text.append(number.substr(end));
}

std::string figure_text(const Json* value) {
  if (value == nullptr || value->is_null()) return "-";
  return with_grouped_digits(to_text(*value));
}

std::string harmless(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    shown.push_back(is_control(text[i]) || is_c1 ? '?' : text[i]);
  }
  return shown;
}

std::string painted(std::string_view text, Colour colour, bool has_colours) {
  constexpr std::array<std::string_view, 6> kCodes = {"", "32", "33", "31", "2", "1"};
  if (!has_colours || colour == Colour::none) return std::string{text};
  return std::string{"\x1b["}
      .append(kCodes[static_cast<std::size_t>(colour)])
      .append("m")
      .append(text)
      .append("\x1b[0m");
}

// Empty where the columns do not fit, however much is cut.
std::vector<std::size_t> FittedTable::widths(const Terminal& terminal) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = shown_width(columns_[i].heading);
    for (const auto& row : rows_) width = std::max(width, shown_width(row[i].text));
    widths.push_back(width);
  }
  while (terminal.columns > 0 && line_width(widths) > terminal.columns) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool may_go = columns_[i].kind == ColumnKind::text && widths[i] > kCutWidthMin;
      if (may_go && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) return {};
    --*widest;
  }
  return widths;
}

void FittedTable::print_row(const std::vector<TableCell>& row,
                            const std::vector<std::size_t>& widths, bool has_colours,
                            std::ostream& out) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string text = cut(row[i].text, widths[i]);
    const std::string space(widths[i] - shown_width(text), ' ');
    const bool is_number = columns_[i].kind == ColumnKind::number;
    const bool is_last = i + 1 == columns_.size();
    if (is_number) out << space;
    out << painted(text, row[i].colour, has_colours);
    if (!is_number && !is_last) out << space;
    out << (is_last ? "\n" : "  ");
  }
}

void FittedTable::print_as_lines(bool has_colours, std::ostream& out) const {
  std::size_t width = 0;
  for (const FittedColumn& column : columns_) width = std::max(width, shown_width(column.heading));
  for (std::size_t at = 0; at < rows_.size(); ++at) {
    if (at > 0) out << '\n';
    for (std::size_t i = 0; i < columns_.size(); ++i)
      out << painted(columns_[i].heading, Colour::faint, has_colours)
          << std::string(width - shown_width(columns_[i].heading) + kGap, ' ')
          << painted(rows_[at][i].text, rows_[at][i].colour, has_colours) << '\n';
  }
}

void FittedTable::print(const Terminal& terminal, std::ostream& out) const {
  for (const auto& row : rows_) CHECK(row.size() == columns_.size());
  const std::vector<std::size_t> fitted = widths(terminal);
  if (fitted.empty()) return print_as_lines(terminal.has_colours, out);
  std::vector<TableCell> heading;
  for (const FittedColumn& column : columns_)
    heading.push_back({std::string{column.heading}, Colour::faint});
  print_row(heading, fitted, terminal.has_colours, out);
  for (const auto& row : rows_) print_row(row, fitted, terminal.has_colours, out);
}

}  // namespace metergate
