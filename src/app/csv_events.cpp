#include "app/csv_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace metergate {
namespace {

struct ColumnRow {
  std::string_view name;
  std::string_view member;  // of the event, or of its data
  bool is_data;
  bool is_text;  // else as JSON: a number, true or false
  bool is_required;
};

constexpr std::array<ColumnRow, 20> kColumns = {{
    {"id", "id", false, true, true},
    {"source", "source", false, true, true},
    {"type", "type", false, true, true},
    {"time", "time", false, true, false},
    {"subject", "subject", false, true, false},
    {"tenant_id", "subject", false, true, false},
    {"method", "method", true, true, false},
    {"endpoint", "endpoint", true, true, false},
    {"path", "path", true, true, false},
    {"status", "status", true, false, false},
    {"request_bytes", "request_bytes", true, false, false},
    {"response_bytes", "response_bytes", true, false, false},
    {"duration_ms", "duration_ms", true, false, false},
    {"ip", "ip", true, true, false},
    {"store_id", "store_id", true, true, false},
    {"device_id", "device_id", true, true, false},
    {"webhook_id", "webhook_id", true, true, false},
    {"success", "success", true, false, false},
    {"bytes", "bytes", true, false, false},
    {"count", "count", true, false, false},
}};

const ColumnRow* find_column(std::string_view name) {
  const auto row = std::ranges::find(kColumns, name, &ColumnRow::name);
  return row == kColumns.end() ? nullptr : &*row;
}

// A cell that is no number stays a text, so that the fault names what stands there.
Json cell_value(const ColumnRow& column, const std::string& cell) {
  if (column.is_text) return cell;
  auto value = parse_json(cell, JsonNumbers::any);
  return value ? *std::move(value) : Json(cell);
}

}  // namespace

Result<> check_event_columns(const std::vector<std::string>& columns) {
  for (const std::string& name : columns) {
    if (find_column(name) == nullptr) {
      return fail(ErrorCode::invalid, fmt::format("no event has a column named {:.80}", name));
    }
    if (std::ranges::count(columns, name) > 1) {
      return fail(ErrorCode::invalid, fmt::format("the column {} stands twice", name));
    }
  }
  for (const ColumnRow& column : kColumns) {
    if (column.is_required && std::ranges::find(columns, column.name) == columns.end()) {
      return fail(ErrorCode::invalid, fmt::format("there is no column {}", column.name));
    }
  }
  const bool names_tenant =
      std::ranges::count(columns, "subject") + std::ranges::count(columns, "tenant_id") == 1;
  if (!names_tenant) return fail(ErrorCode::invalid, "one column must be subject or tenant_id");
  return {};
}

Json event_from_row(const std::vector<std::string>& columns,
                    const std::vector<std::string>& cells) {
  CHECK(columns.size() == cells.size());
  Json event = Json::object();
  Json data = Json::object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ColumnRow* column = find_column(columns[i]);
    CHECK(column != nullptr);
    if (cells[i].empty()) continue;
    (column->is_data ? data : event).set(column->member, cell_value(*column, cells[i]));
  }
  if (!data.as_object().empty()) event.set("data", std::move(data));
  return event;
}

}  // namespace metergate
