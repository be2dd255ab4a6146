// Amounts of a line in the API's JSON, whichever kind of meter the line is of. Safe from any
// thread.
#pragma once

#include "domain/each_line.h"
#include "service/billing/billing.h"
#include "service/tenants/own_lines.h"

namespace metergate {

inline Json amount_json(const LineItem& line, std::int64_t units) {
  return units_json(line.meter, units);
}
inline Json amount_json(const OwnLineItem&, Quantity amount) { return quantity_json(amount); }

// Null: unlimited.
template <class Line>
Json included_json(const Line& line) {
  return line.included ? amount_json(line, *line.included) : Json{};
}

}  // namespace metergate
