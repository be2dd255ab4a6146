#include "app/commands/table_print.h"

#include <algorithm>

#include "base/characters.h"

namespace metergate {
void print_table(const std::vector<TableRow>& rows, std::ostream& out) {
  std::vector<std::size_t> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], character_count(row[i]));
  }
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      out << row[i] << (is_last ? "" : std::string(widths[i] - character_count(row[i]) + 2, ' '));
    }
    out << '\n';
  }
}

}  // namespace metergate
