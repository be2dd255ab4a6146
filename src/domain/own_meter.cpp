#include "domain/own_meter.h"

#include <algorithm>

#include "domain/meter.h"

namespace metergate {
namespace {

constexpr std::size_t kSlugMax = 64;
constexpr std::size_t kTypeMax = 256;
constexpr std::size_t kPathDepthMax = 8;
constexpr std::size_t kPathNameMax = 64;
// The types that feed the built-in meters.
constexpr std::array<std::string_view, 5> kBuiltInTypes = {
    "api.call", "webhook.call", "storage.usage", "device.count", "store.count"};
// The name of the tenant among the groups of a query.
constexpr std::string_view kSubject = "subject";
constexpr std::string_view kPathRule =
    "must be a path like $.tokens or $.usage.tokens: '$' and 1 to 8 names of letters, digits, '_' "
    "and '-', each behind a point";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_word(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= kSlugMax && is_lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '_'; });
}

bool is_dimension_name(std::string_view text) {
  return !text.empty() && text.size() <= kSlugMax && std::ranges::all_of(text, is_word);
}

class MeterFaults {
 public:
  void add(std::string field, std::string message) {
    faults_.push_back({std::nullopt, std::move(field), std::move(message)});
  }
  std::vector<Fault> take() && { return std::move(faults_); }

 private:
  std::vector<Fault> faults_;
};

void check_slug(const OwnMeter& meter, MeterFaults& faults) {
  if (!is_slug(meter.slug)) {
    faults.add("slug", "is '" + meter.slug +
                           "'; must be 1 to 64 of a-z, 0-9 and '_' that begin with a letter or "
                           "digit");
  } else if (find_limit_name(meter.slug)) {
    faults.add("slug", "'" + meter.slug + "' is the name of a built-in limit; choose another name");
  } else if (find_meter(meter.slug)) {
    faults.add("slug", "'" + meter.slug + "' is a built-in meter; choose another name");
  }
}

void check_type(const OwnMeter& meter, MeterFaults& faults) {
  if (meter.event_type.empty() || meter.event_type.size() > kTypeMax) {
    faults.add("eventType", "must be the type of the events to count, 1 to 256 bytes");
  } else if (std::ranges::find(kBuiltInTypes, meter.event_type) != kBuiltInTypes.end()) {
    faults.add("eventType", "'" + meter.event_type +
                                "' feeds the built-in meters; a meter of your own counts events of "
                                "a type of your own");
  }
}

void check_value(const OwnMeter& meter, MeterFaults& faults) {
  const FoldingRow& row = row_of(meter.aggregation);
  if (meter.value_path.empty()) {
    if (row.needs_value) {
      faults.add("valueProperty", "is missing: " + std::string(row.name) +
                                      " needs the path of a value, like $.tokens");
    }
  } else if (!parse_path(meter.value_path)) {
    faults.add("valueProperty", "is '" + meter.value_path + "'; " + std::string(kPathRule));
  }
}

void check_groups(const OwnMeter& meter, MeterFaults& faults) {
  if (meter.group_by.size() > kDimensionsMax) {
    faults.add("groupBy", "has " + std::to_string(meter.group_by.size()) + " names; at most " +
                              std::to_string(kDimensionsMax) + " are allowed");
    return;
  }
  for (const Dimension& dimension : meter.group_by) {
    const std::string field = "groupBy." + dimension.name;
    if (!is_dimension_name(dimension.name)) {
      faults.add(field, "must be named by 1 to 64 letters, digits or '_'");
    } else if (dimension.name == kSubject) {
      faults.add(field, "is taken: subject always stands for the tenant");
    }
    if (!parse_path(dimension.path))
      faults.add(field, "is '" + dimension.path + "'; " + std::string(kPathRule));
  }
}

void check_senders(const OwnMeter& meter, MeterFaults& faults) {
  if (!meter.tenant_may_send || only_grows(meter.aggregation)) return;
  faults.add("tenant_may_send",
             "is true; a tenant's own events can make " +
                 std::string(row_of(meter.aggregation).name) +
                 " smaller, and so its bill: only COUNT, SUM, MAX and UNIQUE_COUNT can be sent by "
                 "tenants");
}

}  // namespace

bool is_own_slug(std::string_view text) {
  return is_slug(text) && !find_meter(text) && !find_limit_name(text);
}

std::optional<Folding> find_folding(std::string_view name) {
  const auto row = std::ranges::find(kFoldings, name, &FoldingRow::name);
  if (row == kFoldings.end()) return std::nullopt;
  return row->aggregation;
}

std::string folding_names_text() {
  std::string text;
  for (const FoldingRow& row : kFoldings) {
    if (!text.empty()) text += ", ";
    text += row.name;
  }
  return text;
}

std::optional<DataPath> parse_path(std::string_view text) {
  if (!text.starts_with("$.")) return std::nullopt;
  text.remove_prefix(1);
  DataPath path;
  while (!text.empty()) {
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view name = text.substr(0, end);
    const bool is_name = !name.empty() && name.size() <= kPathNameMax &&
                         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '-'; });
    if (!is_name || path.size() == kPathDepthMax) return std::nullopt;
    path.emplace_back(name);
    text.remove_prefix(end);
  }
  return path;
}

std::vector<Fault> faults_of(const OwnMeter& meter) {
  MeterFaults faults;
  check_slug(meter, faults);
  check_type(meter, faults);
  check_value(meter, faults);
  check_groups(meter, faults);
  check_senders(meter, faults);
  return std::move(faults).take();
}

}  // namespace metergate
