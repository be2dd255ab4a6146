// The answers of a meter query, in JSON and CSV, as in OpenMeter's API.
#include "base/csv.h"
#include "service/meters/meter_query.h"

namespace metergate {

Json meter_result_json(const MeterResult& result) {
  Json rows = Json::array();
  for (const MeterResultRow& row : result.rows) {
    Json group = Json::object();
    for (std::size_t i = 0; i < row.group.size(); ++i) group.set(result.group_by[i], row.group[i]);
    Json json = Json::object({{"value", row.value},
                              {"windowStart", row.window.start},
                              {"windowEnd", row.window.end},
                              {"subject", row.subject},
                              {"groupBy", std::move(group)}});
    if (row.is_lower_bound) json.set("isLowerBound", true);
    rows.push_back(std::move(json));
  }
  Json json = Json::object({{"from", result.from}, {"to", result.to}});
  if (result.size) json.set("windowSize", to_text(*result.size));
  json.set("data", std::move(rows));
  json.set("unusableEvents", result.unusable);
  return json;
}

std::string meter_result_csv(const MeterResult& result) {
  std::string out;
  CsvWriter csv(out);
  for (const std::string_view name : {"window_start", "window_end", "subject"}) csv.text(name);
  for (const std::string& name : result.group_by) csv.text(name);
  csv.text("value");
  csv.end_row();
  const auto text_or_empty = [&csv](const std::optional<std::string>& text) {
    if (text) {
      csv.text(*text);
    } else {
      csv.empty();
    }
  };
  for (const MeterResultRow& row : result.rows) {
    csv.text(to_text(row.window.start));
    csv.text(to_text(row.window.end));
    text_or_empty(row.subject);
    for (const std::optional<std::string>& value : row.group) text_or_empty(value);
    csv.number(row.value);
    csv.end_row();
  }
  return out;
}

}  // namespace metergate
