#include "storage/view/layer.h"

#include "storage/shapes/keys.h"

namespace metergate {
namespace {

template <class Row>
void write_rows(const std::string& tenant, const HotRows<Row>& rows, KeyWriter& to) {
  std::string bytes;
  for (const auto& [place, hot] : rows) {
    if (!hot.is_dirty) continue;
    if (!hot.row) {
      to.remove(keys::row(tenant, place));
      continue;
    }
    bytes.clear();
    Encoder encoder(bytes);
    encode_row(encoder, *hot.row);
    to.put(keys::row(tenant, place), bytes);
  }
}

template <class Row>
void keep(HotRows<Row>& above, HotRows<Row>& below) {
  for (auto at = below.begin(); at != below.end();) {
    const auto row = at++;
    if (!row->second.is_dirty || !row->second.row) continue;
    row->second.is_dirty = false;
    above.insert(below.extract(row));
  }
}

}  // namespace

void encode_row(Encoder& to, const CounterRow& row) {
  to.byte(row.is_carried ? 1 : 0);
  to.counter(row.counter);
}

void encode_row(Encoder& to, const CallSums& row) { to.calls(row); }

void encode_row(Encoder& to, const EndpointRow& row) {
  to.unsigned_number(row.endpoints.size());
  for (const std::string& endpoint : row.endpoints) to.text(endpoint);
}

void encode_row(Encoder& to, const TotalsRow& row) {
  to.number(row.first_period);
  to.number(row.active_stores);
  to.number(row.active_devices);
  to.number(row.sales);
  to.number(row.tickets);
  to.number(row.audits);
}

void encode_row(Encoder& to, const MeterCell& row) { to.cell(row); }

Result<> decode_row(Decoder& from, CounterRow& row) {
  row.is_carried = TRY(from.byte()) == 1;
  row.counter = TRY(from.counter());
  return {};
}

Result<> decode_row(Decoder& from, CallSums& row) {
  row = TRY(from.calls());
  return {};
}

Result<> decode_row(Decoder& from, EndpointRow& row) {
  for (std::uint64_t n = TRY(from.unsigned_number()); n > 0; --n) {
    row.endpoints.push_back(TRY(from.text()));
    row.bytes += row.endpoints.back().size();
  }
  return {};
}

Result<> decode_row(Decoder& from, TotalsRow& row) {
  const std::int64_t first = TRY(from.number());
  if (first < INT32_MIN || first > INT32_MAX)
    return fail(ErrorCode::corrupt, "a tenant's first period does not fit");
  row.first_period = static_cast<std::int32_t>(first);
  row.active_stores = TRY(from.number());
  row.active_devices = TRY(from.number());
  row.sales = TRY(from.number());
  row.tickets = TRY(from.number());
  row.audits = TRY(from.number());
  return {};
}

Result<> decode_row(Decoder& from, MeterCell& row) {
  row = TRY(from.cell());
  return {};
}

void Layer::write(KeyWriter& to) const {
  for (const auto& [key, value] : entries) {
    if (value) {
      to.put(key, *value);
    } else {
      to.remove(key);
    }
  }
  for (const auto& [tenant, of_tenant] : tenants) {
    std::apply([&](const auto&... rows) { (write_rows(tenant, rows, to), ...); }, of_tenant.rows);
  }
}

void Layer::keep_rows_of(Layer& below) {
  for (auto& [tenant, under] : below.tenants) {
    TenantRows& above = tenants[tenant];
    keep(above.of<CounterRow>(), under.of<CounterRow>());
    keep(above.of<CallSums>(), under.of<CallSums>());
    keep(above.of<EndpointRow>(), under.of<EndpointRow>());
    keep(above.of<TotalsRow>(), under.of<TotalsRow>());
    keep(above.of<MeterCell>(), under.of<MeterCell>());
  }
}

}  // namespace metergate
