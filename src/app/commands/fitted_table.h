// FittedTable: rows under headings that fit the width of a terminal. Numbers stand to the right and
// are never cut; texts that may be are cut where the width is not enough, and where even that is
// not enough each row is printed as lines of its own. A value; no threads.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/terminal.h"
#include "base/json.h"

namespace metergate {

enum class Colour : std::uint8_t { none, green, yellow, red, faint, bold };

enum class ColumnKind : std::uint8_t {
  number,
  word,
  text  // may be cut
};

struct FittedColumn {
  std::string_view heading;
  ColumnKind kind = ColumnKind::word;
};

struct TableCell {
  std::string text;
  Colour colour = Colour::none;
};

class FittedTable {
 public:
  explicit FittedTable(std::vector<FittedColumn> columns) : columns_(std::move(columns)) {}
  // As many cells as there are columns.
  void add(std::vector<TableCell> row) { rows_.push_back(std::move(row)); }
  bool is_empty() const { return rows_.empty(); }
  void print(const Terminal& terminal, std::ostream& out) const;

 private:
  std::vector<std::size_t> widths(const Terminal& terminal) const;
  void print_row(const std::vector<TableCell>& row, const std::vector<std::size_t>& widths,
                 bool has_colours, std::ostream& out) const;
  void print_as_lines(bool has_colours, std::ostream& out) const;

  std::vector<FittedColumn> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

// How many columns of a terminal a text takes: wide letters two, marks on another letter none.
std::size_t shown_width(std::string_view text);
// "1234567.50" is "1,234,567.50".
std::string with_grouped_digits(std::string_view number);
// A number of a document; "-" for none.
std::string figure_text(const Json* value);
// Without control characters, which a terminal would obey.
std::string harmless(std::string_view text);
// In the colour where there are colours.
std::string painted(std::string_view text, Colour colour, bool has_colours);

}  // namespace metergate
