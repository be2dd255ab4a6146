// A row of a CSV file of usage events as a CloudEvent. The columns are named by the first row: the
// attributes id, source, type, time, subject (or tenant_id), the members of the built-in types'
// data under their own names, and any other member of data as data.<field>, deeper ones with more
// dots. Empty cells are left out. Values; no threads.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

class EventColumns {
 public:
  // ErrorCode::invalid names a column that no event has, that occurs twice, or that is required and
  // missing.
  static Result<EventColumns> read(const std::vector<std::string>& header);

  // Takes as many cells as columns. The values are checked later, like those of all events.
  Json event(const std::vector<std::string>& cells) const;

  enum class Kind : std::uint8_t { text, number, flag, any };

 private:
  struct Column {
    std::vector<std::string> path;  // from the top of the event
    Kind kind;
  };
  static Result<Column> read_column(const std::string& name);
  std::vector<Column> columns_;
};

}  // namespace metergate
