// /api/v1/meters: the meters and their usage in the format of OpenMeter's API, without an envelope.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "api/meters_fields.h"
#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/time.h"
#include "service/billing/billing.h"
#include "service/metering/open_periods.h"
#include "service/meters/meter_query.h"
#include "service/meters/meters.h"

namespace metergate::api {
namespace {

constexpr std::size_t kFilterValuesMax = 100;
using Texts = std::vector<std::string>;
constexpr std::string_view kFilterPrefix = "filterGroupBy[";
constexpr std::string_view kSubjectName = "subject";
constexpr std::string_view kAdvancedFilters = "advancedMeterGroupByFilters";

Answer plain_json(const Json& body, int status = 200) {
  Answer answer;
  answer.status = status;
  http::Response& response = answer.whole.emplace();
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = to_text(body);
  return answer;
}

Result<Answer> list_meters(Call& call) {
  Json meters = Json::array();
  for (const KnownMeter& meter : TRY(call.services.meters.all()))
    meters.push_back(meter_json(meter));
  return plain_json(meters);
}

Result<Answer> get_meter(Call& call) {
  const KnownMeter meter = TRY(call.services.meters.get(call.path_value("slug")));
  return plain_json(meter_json(meter));
}

std::vector<std::string> values_of(const Call& call, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : call.request.query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<Timestamp> read_instant(QueryReader& reader, std::string_view name) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return std::nullopt;
  const Result<Timestamp> instant = parse_timestamp(*text);
  if (instant) return *instant;
  reader.fault(name, "is " + shown(*text) + "; must be an instant like 2026-03-05T10:30:00Z");
  return std::nullopt;
}

std::string zone_fault(const std::string& zone) {
  return "is " + shown(zone) + "; must be a name like Europe/Berlin of the IANA database";
}

void read_windows(QueryReader& reader, MeterQuery& query) {
  query.from = read_instant(reader, "from");
  query.to = read_instant(reader, "to");
  const auto size = reader.choice("windowSize");
  if (size) query.size = find_window_size(*size);
  const auto zone = reader.text("windowTimeZone");
  if (!zone) return;
  Result<TimeZone> found = TimeZone::find(*zone);
  if (found) {
    query.zone = *std::move(found);
  } else {
    reader.fault("windowTimeZone", zone_fault(*zone));
  }
}

template <class Reader>
void check_group_count(Reader& reader, const MeterQuery& query) {
  if (query.group_by.size() + query.group_filters.size() > kGroupNamesMax)
    reader.fault("groupBy", fmt::format("at most {} names to group and filter by are allowed",
                                        kGroupNamesMax));
}

// {"model": {"$like": "gpt-%"}}: filters of OpenMeter's by group.
template <class Reader>
void take_advanced(const Json& filters, Reader& reader, MeterQuery& query) {
  if (filters.is_null()) return;
  if (!filters.is_object()) {
    reader.fault(kAdvancedFilters, "must be an object like {\"model\": {\"$eq\": \"x\"}}");
    return;
  }
  for (const auto& [name, filter] : filters.as_object()) {
    Result<GroupFilter> read = GroupFilter::parse(filter);
    if (read) {
      query.group_filters.emplace_back(name, *std::move(read));
    } else {
      reader.fault(std::string{kAdvancedFilters} + "." + name, read.error().message);
    }
  }
}

// In a query they are JSON text.
void read_advanced(QueryReader& reader, MeterQuery& query) {
  const std::optional<std::string> text = reader.text(kAdvancedFilters);
  if (!text) return;
  const Result<Json> filters = parse_json(*text);
  if (filters) {
    take_advanced(*filters, reader, query);
  } else {
    reader.fault(kAdvancedFilters, "is no JSON: " + filters.error().message);
  }
}

void read_groups(const Call& call, QueryReader& reader, MeterQuery& query) {
  for (const std::string& name : values_of(call, "groupBy")) {
    if (name == kSubjectName) {
      query.by_subject = true;
    } else {
      query.group_by.push_back(name);
    }
  }
  for (const auto& [key, value] : call.request.query) {
    if (!key.starts_with(kFilterPrefix)) continue;
    query.group_filters.emplace_back(
        key.substr(kFilterPrefix.size(), key.size() - kFilterPrefix.size() - 1),
        GroupFilter::any_of({value}));
  }
  read_advanced(reader, query);
  check_group_count(reader, query);
}

// A tenant sees itself only; another is refused with the same message whether or not it exists.
template <class Reader>
Result<> read_subjects(const Call& call, const std::vector<std::string>& names, Reader& reader,
                       MeterQuery& query) {
  if (names.size() > kSubjectsMax)
    reader.fault(kSubjectName, fmt::format("at most {} are allowed", kSubjectsMax));
  const std::optional<TenantId>& own = call.caller->tenant();
  if (own) {
    const auto is_own = [&](const std::string& name) { return name == own->text(); };
    if (!std::ranges::all_of(names, is_own)) return refuse_for_want_of(Permission::billing_read);
    query.subjects.push_back(*own);
    return {};
  }
  for (const std::string& name : names) {
    const Result<TenantId> tenant = TenantId::parse(name);
    if (tenant) {
      query.subjects.push_back(*tenant);
    } else {
      reader.fault(kSubjectName, tenant.error().message);
    }
  }
  return {};
}

bool wants_csv(const Call& call) {
  const std::string accept = call.request.header("accept").value_or("");
  return accept.find("text/csv") != std::string::npos;
}

// The same query in a body, in which several values of a group match any of them.
void read_window_members(BodyReader& body, MeterQuery& query) {
  query.from = body.maybe_time("from");
  query.to = body.maybe_time("to");
  if (const auto size = body.maybe_text("windowSize")) query.size = find_window_size(*size);
  const auto zone = body.maybe_text("windowTimeZone");
  if (!zone) return;
  Result<TimeZone> found = TimeZone::find(*zone);
  if (found) {
    query.zone = *std::move(found);
  } else {
    body.fault("windowTimeZone", zone_fault(*zone));
  }
}

void read_group_members(BodyReader& body, MeterQuery& query) {
  for (std::string& name : body.texts("groupBy")) {
    if (name == kSubjectName) {
      query.by_subject = true;
    } else {
      query.group_by.push_back(std::move(name));
    }
  }
  const Json* filters = body.maybe_any("filterGroupBy");
  if (filters == nullptr || filters->is_null()) return;
  if (!filters->is_object())
    return body.fault("filterGroupBy", "must be an object of lists, like {\"model\": [\"x\"]}");
  for (const auto& [name, values] : filters->as_object()) {
    const bool is_list = values.is_array() && values.as_array().size() <= kFilterValuesMax &&
                         std::ranges::all_of(values.as_array(), &Json::is_string);
    if (!is_list) {
      body.fault("filterGroupBy." + name,
                 fmt::format("must be a list of at most {} texts", kFilterValuesMax));
      continue;
    }
    Texts texts;
    for (const Json& value : values.as_array()) texts.push_back(value.as_string());
    query.group_filters.emplace_back(name, GroupFilter::any_of(std::move(texts)));
  }
}

void read_advanced_member(BodyReader& body, MeterQuery& query) {
  const Json* filters = body.maybe_any(kAdvancedFilters);
  if (filters != nullptr) take_advanced(*filters, body, query);
}

// Refuses members of OpenMeter's API that Metergate does not support: ignoring them would give
// another answer.
void refuse_members(BodyReader& body, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Json* value = body.maybe_any(name);
    const bool is_empty = value == nullptr || value->is_null() ||
                          (value->is_array() && value->as_array().empty()) ||
                          (value->is_object() && value->as_object().empty());
    if (!is_empty) body.fault(name, "is not known here; leave it out");
  }
}

Result<Answer> answer_query(Call& call, const MeterQuery& query) {
  const MeterResult result = TRY(call.services.meter_queries.run(query));
  if (!wants_csv(call)) return plain_json(meter_result_json(result));
  Answer answer;
  http::Response& response = answer.whole.emplace();
  response.headers.emplace_back("Content-Type", "text/csv");
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"" + query.slug + ".csv\"");
  response.body = meter_result_csv(result);
  return answer;
}

Result<Answer> query_meter(Call& call) {
  QueryReader reader(call);
  MeterQuery query;
  query.slug = call.path_value("slug");
  TRY(read_subjects(call, values_of(call, kSubjectName), reader, query));
  read_windows(reader, query);
  read_groups(call, reader, query);
  TRY(reader.finish());
  return answer_query(call, query);
}

Result<Answer> query_meter_by_body(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  MeterQuery query;
  query.slug = call.path_value("slug");
  const Texts subjects = body.texts(kSubjectName);
  TRY(read_subjects(call, subjects, body, query));
  read_window_members(body, query);
  read_group_members(body, query);
  read_advanced_member(body, query);
  check_group_count(body, query);
  refuse_members(body, {"filterCustomerId"});
  TRY(body.finish());
  return answer_query(call, query);
}

// The values that a group has in a range, sorted; of the last day unless it is said.
Result<Answer> list_group_values(Call& call) {
  QueryReader reader(call);
  MeterQuery query;
  query.slug = call.path_value("slug");
  query.group_by = {call.path_value("name")};
  query.to = read_instant(reader, "to");
  const Timestamp until = query.to.value_or(call.services.clock.now());
  query.from = read_instant(reader, "from").value_or(until - std::chrono::hours{24});
  TRY(read_subjects(call, {}, reader, query));
  TRY(reader.finish());
  const MeterResult result = TRY(call.services.meter_queries.run(query));
  std::set<std::string> values;
  for (const MeterResultRow& row : result.rows) {
    if (row.group.front()) values.insert(*row.group.front());
  }
  Json list = Json::array();
  for (const std::string& value : values) list.push_back(value);
  return plain_json(list);
}

Result<Answer> list_subjects(Call& call) {
  Json subjects = Json::array();
  for (std::string& name : TRY(call.services.meter_queries.subjects(call.path_value("slug"))))
    subjects.push_back(std::move(name));
  return plain_json(subjects);
}

std::optional<std::vector<Dimension>> read_group_by(BodyReader& body) {
  const Json* groups = body.maybe_any("groupBy");
  if (groups == nullptr || groups->is_null()) return std::nullopt;
  if (!groups->is_object()) {
    body.fault("groupBy", "must be an object of names and paths, like {\"model\": \"$.model\"}");
    return std::nullopt;
  }
  std::vector<Dimension> dimensions;
  for (const auto& [name, path] : groups->as_object()) {
    if (path.is_string()) {
      dimensions.push_back({name, path.as_string()});
    } else {
      body.fault("groupBy." + name, "must be a path like $.model");
    }
  }
  std::ranges::sort(dimensions, {}, &Dimension::name);
  return dimensions;
}

// Without "from" a meter counts only events recorded after it was created.
void read_from(BodyReader& body, const Call& call, NewMeter& wanted) {
  if (!body.maybe_text("from")) return;
  const Services& services = call.services;
  wanted.counts_from = open_from(services.store, services.rules, services.clock);
}

Result<Answer> create_meter(Call& call) {
  QueryReader query(call);
  const bool is_dry_run = query.flag("dry_run").value_or(false);
  TRY(query.finish());
  BodyReader body = TRY(BodyReader::open(call));
  NewMeter wanted;
  wanted.meter.slug = body.text("slug");
  wanted.meter.event_type = body.text("eventType");
  wanted.name = body.text("name");
  wanted.description = body.text("description");
  wanted.meter.value_path = body.text("valueProperty");
  wanted.meter.aggregation =
      find_folding(body.text("aggregation")).value_or(wanted.meter.aggregation);
  wanted.meter.group_by = read_group_by(body).value_or(std::vector<Dimension>{});
  wanted.meter.tenant_may_send = body.maybe_flag("tenant_may_send").value_or(false);
  read_from(body, call, wanted);
  if (const Json* metadata = body.maybe_any("metadata")) wanted.metadata = *metadata;
  TRY(body.finish());
  if (is_dry_run) return plain_json(preview_json(TRY(call.services.meters.preview(wanted))));
  const MeterRecord made = TRY(call.services.meters.add(wanted, call.actor));
  return plain_json(meter_json({made, std::nullopt, wanted.metadata}), kCreated);
}

Result<Answer> change_meter(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  MeterPatch patch;
  patch.name = body.maybe_text("name");
  patch.description = body.maybe_text("description");
  patch.group_by = read_group_by(body);
  if (body.is_null("metadata")) patch.metadata = Json();
  if (const Json* metadata = body.maybe_any("metadata")) patch.metadata = *metadata;
  TRY(body.finish());
  TRY(call.services.meters.change(call.path_value("slug"), patch, call.actor));
  const KnownMeter changed = TRY(call.services.meters.get(call.path_value("slug")));
  return plain_json(meter_json(changed));
}

Result<Answer> delete_meter(Call& call) {
  const KnownMeter meter = TRY(call.services.meters.get(call.path_value("slug")));
  TRY(call.services.billing.check_unpriced(meter.record.meter.slug));
  TRY(call.services.meters.remove(meter.record.meter.slug, call.actor));
  return no_content();
}

constexpr Access kMeterReading = sender_or_provider_with(Permission::billing_read);

std::vector<Route> meter_rows() {
  constexpr Access changing = provider_with(Permission::billing_update);
  return {
      {.method = "GET",
       .path = "/api/v1/meters",
       .access = kMeterReading,
       .handler = list_meters,
       .query = {},
       .summary = "List the meters, built-in ones and your own",
       .name = "list_meters",
       .answers = {{&kMeterShape, 200, Form::bare_list}}},
      {.method = "POST",
       .path = "/api/v1/meters",
       .access = changing,
       .handler = create_meter,
       .query = kNewMeterQuery,
       .is_slow = true,
       .summary = "Define a meter of your own; with \"from\" it counts the kept events of open "
                  "periods too",
       .name = "add_meter",
       .body = {.shape = &kNewMeterBody,
                .example = R"({"slug":"tokens_total","eventType":"prompt","aggregation":"SUM",)"
                           R"("valueProperty":"$.tokens","groupBy":{"model":"$.model"}})"},
       .answers = {{&kMeterShape, kCreated, Form::bare}, {&kMeterPreview, 200, Form::bare}},
       .errors = {ErrorCode::duplicate, ErrorCode::conflict}},
      {.method = "GET",
       .path = "/api/v1/meters/{slug}",
       .access = kMeterReading,
       .handler = get_meter,
       .query = {},
       .summary = "Show one meter",
       .name = "show_meter",
       .answers = {{&kMeterShape, 200, Form::bare}},
       .errors = {ErrorCode::not_found}},
      {.method = "PUT",
       .path = "/api/v1/meters/{slug}",
       .access = changing,
       .handler = change_meter,
       .query = {},
       .summary = "Change the name, description and metadata of a meter of your own",
       .name = "change_meter",
       .body = {.shape = &kMeterPatchBody, .example = R"({"name":"Tokens"})"},
       .answers = {{&kMeterShape, 200, Form::bare}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
      {.method = "DELETE",
       .path = "/api/v1/meters/{slug}",
       .access = changing,
       .handler = delete_meter,
       .query = {},
       .summary = "Delete a meter of your own, with what it counted",
       .name = "delete_meter",
       .answers = {{nullptr, 204, Form::nothing}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
  };
}

std::vector<Route> meter_query_rows() {
  const ShownAnswer csv{nullptr, 200, Form::csv};
  const ShownAnswer result{&kMeterResult, 200, Form::bare};
  const std::vector<ErrorCode> not_found = {ErrorCode::not_found};
  return {
      {.method = "GET",
       .path = "/api/v1/meters/{slug}/query",
       .access = kMeterReading,
       .handler = query_meter,
       .query = kMeterQuery,
       .is_slow = true,
       .summary =
           "Show a meter's usage in a range of time, by window, subject and group; JSON or CSV",
       .name = "query_meter",
       .answers = {result, csv},
       .errors = not_found,
       .headers = kAcceptHeaders},
      {.method = "POST",
       .path = "/api/v1/meters/{slug}/query",
       .access = kMeterReading,
       .handler = query_meter_by_body,
       .query = {},
       .is_slow = true,
       .summary = "The same, asked by a body",
       .name = "query_meter_by_body",
       .body = {.shape = &kMeterQuestionBody,
                .example = R"({"windowSize":"DAY","groupBy":["subject"]})"},
       .answers = {result, csv},
       .errors = not_found,
       .headers = kAcceptHeaders},
      {.method = "GET",
       .path = "/api/v1/meters/{slug}/group-by/{name}/values",
       .access = kMeterReading,
       .handler = list_group_values,
       .query = kGroupValuesQuery,
       .is_slow = true,
       .summary = "List the values of a meter's group, of the last day unless a range is given",
       .name = "list_group_values",
       .answers = {{nullptr, 200, Form::bare_list}},
       .errors = not_found},
      {.method = "GET",
       .path = "/api/v1/meters/{slug}/subjects",
       .access = provider_with(Permission::billing_read),
       .handler = list_subjects,
       .query = {},
       .is_slow = true,
       .summary = "List the tenants with usage of a meter",
       .name = "list_meter_subjects",
       .answers = {{nullptr, 200, Form::bare_list}},
       .errors = not_found},
  };
}

}  // namespace

std::vector<Route> meters_routes() {
  std::vector<Route> routes = meter_rows();
  std::ranges::move(meter_query_rows(), std::back_inserter(routes));
  return routes;
}

}  // namespace metergate::api
