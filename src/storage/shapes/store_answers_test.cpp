#include "storage/shapes/store_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crypto.h"
#include "storage/bytes/codec.h"

namespace metergate {
namespace {

// Marks of distinct values are keyed by the folder, so only their number can be compared.
std::string cell_text(MeterCell cell) {
  for (std::size_t i = 0; i < cell.unique.size(); ++i) cell.unique[i] = {0, i};
  std::string bytes;
  Encoder(bytes).cell(cell);
  return to_hex(bytes);
}

void append_meters(const Store& store, const TenantId& tenant, std::string& out) {
  Query query;
  query.collection = Collection::meters;
  const auto meters = store.find(query).value();
  for (const Json& document : meters) {
    const std::string slug = *document.string_at("slug");
    for (const CellSpan span : {CellSpan::minute, CellSpan::day}) {
      const MeterRange range{tenant, slug, span, {Timestamp{}, kTimestampMax}};
      const auto read = store.meter_cells(range, [&](const MeterCellRow& row) {
        out += fmt::format("{} {} {} ", tenant.text(), slug, to_text(row.start));
        for (const auto& value : row.group) out += value.value_or("none") + " ";
        out += cell_text(row.cell) + "\n";
        return true;
      });
      if (!read) out += read.error().message;
    }
    const auto months = store.counters(tenant).value();
    for (const auto& [period, counter] : months) {
      const auto total = store.meter_total(tenant, slug, period).value();
      if (total)
        out += fmt::format("{} {} {} {}\n", tenant.text(), slug, period.text(), cell_text(*total));
    }
  }
}

void append_figures(const Store& store, const std::string& tenant_text, std::string& out) {
  const TenantId tenant = TenantId::parse(tenant_text).value();
  const auto months = store.counters(tenant).value();
  for (const auto& [period, counter] : months) {
    std::string bytes;
    Encoder(bytes).counter(counter);
    out += fmt::format("{} {} {} endpoints {}\n", tenant_text, period.text(), to_hex(bytes),
                       store.endpoint_count(tenant, period).value());
    if (store.counter(tenant, period).value() != counter) out += "counter() differs\n";
    const auto days = store.days(tenant, period.first_day(), period.last_day()).value();
    for (const DayRow& row : days) {
      bytes.clear();
      Encoder(bytes).counter(row.counter);
      out += fmt::format("{} {} {} stores before {}\n", tenant_text, to_text(row.day),
                         to_hex(bytes), store.gauges_before(tenant, row.day).value().stores.last);
    }
  }
}

}  // namespace

std::string answers(const Store& store) {
  std::string out = fmt::format("head {}\n", store.head());
  if (const auto closed = store.closed_through()) out += "closed " + closed->text() + "\n";
  std::set<std::string> tenants;
  for (const CollectionRow& row : all_collections()) {
    Query query;
    query.collection = row.collection;
    std::vector<std::string> lines;
    const auto documents = store.find(query).value();
    for (const Json& document : documents) {
      lines.push_back(fmt::format("{} {}\n", row.name, to_extended_text(document)));
      if (row.collection == Collection::usage_counters)
        tenants.insert(*document.string_at("tenant_id"));
    }
    std::ranges::sort(lines);
    for (const std::string& line : lines) out += line;
  }
  for (const std::string& tenant : tenants) {
    append_figures(store, tenant, out);
    append_meters(store, TenantId::parse(tenant).value(), out);
  }
  return out;
}

}  // namespace metergate
