#include "app/csv_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/characters.h"
#include "base/check.h"

namespace metergate {
namespace {

using Kind = EventColumns::Kind;

struct ColumnRow {
  std::string_view name;
  std::string_view member;  // a member of the event or of its data
  bool is_data;
  Kind kind;
  bool is_required;
};

constexpr std::array<ColumnRow, 22> kColumns = {{
    {"id", "id", false, Kind::text, true},
    {"source", "source", false, Kind::text, true},
    {"type", "type", false, Kind::text, true},
    {"time", "time", false, Kind::text, false},
    {"subject", "subject", false, Kind::text, false},
    {"tenant_id", "subject", false, Kind::text, false},
    {"method", "method", true, Kind::text, false},
    {"endpoint", "endpoint", true, Kind::text, false},
    {"path", "path", true, Kind::text, false},
    {"status", "status", true, Kind::number, false},
    {"request_bytes", "request_bytes", true, Kind::number, false},
    {"response_bytes", "response_bytes", true, Kind::number, false},
    {"duration_ms", "duration_ms", true, Kind::number, false},
    {"ip", "ip", true, Kind::text, false},
    {"store_id", "store_id", true, Kind::text, false},
    {"device_id", "device_id", true, Kind::text, false},
    {"caller", "caller", true, Kind::text, false},
    {"traceparent", "traceparent", true, Kind::text, false},
    {"webhook_id", "webhook_id", true, Kind::text, false},
    {"success", "success", true, Kind::flag, false},
    {"bytes", "bytes", true, Kind::number, false},
    {"count", "count", true, Kind::number, false},
}};

constexpr std::string_view kDataPrefix = "data.";

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t") - first + 1)};
}

const ColumnRow* find_column(std::string_view name, bool is_data) {
  const auto row = std::ranges::find_if(kColumns, [&](const ColumnRow& column) {
    return column.name == name && (!is_data || column.is_data);
  });
  return row == kColumns.end() ? nullptr : &*row;
}

std::string column_names() {
  std::string names;
  for (const ColumnRow& column : kColumns)
    names += (names.empty() ? "" : ", ") + std::string{column.name};
  return names;
}

std::optional<bool> read_truth(const std::string& cell) {
  const std::string word = to_lower(cell);
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

// A cell that does not fit its column's kind stays a text, so that the fault shows it.
Json cell_value(Kind kind, const std::string& cell) {
  if (kind == Kind::text) return cell;
  if (kind == Kind::flag && (cell == "1" || cell == "0")) return cell == "1";
  if (kind != Kind::number) {
    if (const auto truth = read_truth(cell)) return *truth;
  }
  if (kind == Kind::flag) return cell;
  auto value = parse_json(cell, JsonNumbers::any);
  const bool is_number = value && value->is_number();
  return is_number ? *std::move(value) : Json(cell);
}

void set_at(Json& object, const std::vector<std::string>& path, std::size_t depth, Json value) {
  if (depth + 1 == path.size()) return object.set(path[depth], std::move(value));
  const Json* inner = object.find(path[depth]);
  Json changed = inner == nullptr ? Json::object() : *inner;
  set_at(changed, path, depth + 1, std::move(value));
  object.set(path[depth], std::move(changed));
}

bool is_within(const std::vector<std::string>& inner, const std::vector<std::string>& outer) {
  return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

}  // namespace

Result<EventColumns::Column> EventColumns::read_column(const std::string& given) {
  const std::string name = trimmed(given);
  if (const ColumnRow* row = find_column(to_lower(name), false)) {
    Column column{{std::string{row->member}}, row->kind};
    if (row->is_data) column.path.insert(column.path.begin(), "data");
    return column;
  }
  Column column{{"data"}, Kind::any};
  std::string_view rest = name;
  bool is_whole = rest.starts_with(kDataPrefix);
  while (is_whole && rest.find('.') != std::string_view::npos) {
    rest.remove_prefix(rest.find('.') + 1);
    const std::string field{rest.substr(0, rest.find('.'))};
    is_whole = !field.empty();
    column.path.push_back(field);
  }
  if (!is_whole) {
    return fail(ErrorCode::invalid,
                fmt::format("no event has a column named {:.80}; a field of an event's data is "
                            "data.<field>, and the other columns are {}",
                            name.empty() ? "\"\"" : name, column_names()));
  }
  const ColumnRow* row = column.path.size() == 2 ? find_column(column.path[1], true) : nullptr;
  if (row != nullptr) column.kind = row->kind;
  return column;
}

Result<EventColumns> EventColumns::read(const std::vector<std::string>& header) {
  EventColumns read;
  for (const std::string& name : header) {
    Column column = TRY(read_column(name));
    for (const Column& other : read.columns_) {
      if (!is_within(column.path, other.path) && !is_within(other.path, column.path)) continue;
      return fail(ErrorCode::invalid,
                  fmt::format("the column {:.80} stands twice, or inside another one", name));
    }
    read.columns_.push_back(std::move(column));
  }
  for (const std::string_view needed : {"id", "source", "type", "subject"}) {
    const bool is_there = std::ranges::any_of(
        read.columns_, [&](const Column& column) { return column.path.front() == needed; });
    if (is_there) continue;
    return fail(ErrorCode::invalid, needed == "subject"
                                        ? std::string{"one column must be subject or tenant_id"}
                                        : fmt::format("there is no column {}", needed));
  }
  return read;
}

Json EventColumns::event(const std::vector<std::string>& cells) const {
  CHECK(columns_.size() == cells.size());
  Json event = Json::object();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (cells[i].empty()) continue;
    set_at(event, columns_[i].path, 0, cell_value(columns_[i].kind, cells[i]));
  }
  return event;
}

}  // namespace metergate
