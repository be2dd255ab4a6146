// Prints rows under headings, in columns. Pure function; safe from any thread.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace metergate {

using TableRow = std::vector<std::string>;

// The first row is the heading.
void print_table(const std::vector<TableRow>& rows, std::ostream& out);

}  // namespace metergate
