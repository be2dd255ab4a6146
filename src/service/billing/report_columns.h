// ReportColumns: the columns that the rows of a report's CSV need, known before the first row is
// written. A value, kept with a stored report; no threads.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "domain/statement.h"

namespace metergate {

struct ReportColumns {
  bool has_rows = false;
  std::vector<std::string> own;  // meters of the provider's own, sorted
  bool has_late = false;
  bool has_errors = false;
  void note(const Statement& statement);
  friend bool operator==(const ReportColumns&, const ReportColumns&) = default;
};

ReportColumns columns_of(const std::vector<Statement>& statements);
Json columns_json(const ReportColumns& columns);
// ErrorCode::corrupt if a member is missing or of the wrong kind.
Result<ReportColumns> columns_from(const Json& json);

}  // namespace metergate
