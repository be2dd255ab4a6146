// /api/v1/meters: the meters and their usage, in the words of OpenMeter's API: answers without an
// envelope.
#include <fmt/format.h>

#include <algorithm>

#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/time.h"
#include "service/meter_query.h"
#include "service/meters.h"

namespace metergate::api {
namespace {

constexpr std::size_t kSubjectsMax = 100;
constexpr std::size_t kGroupNamesMax = 20;
constexpr std::size_t kMeterTextMax = 1024;
constexpr std::string_view kFilterPrefix = "filterGroupBy[";
constexpr std::string_view kSubjectName = "subject";

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

void read_windows(QueryReader& reader, MeterQuery& query) {
  query.from = read_instant(reader, "from");
  query.to = read_instant(reader, "to");
  const auto size = reader.choice("windowSize", window_size_names());
  if (size) query.size = find_window_size(*size);
  const auto zone = reader.text("windowTimeZone");
  if (!zone) return;
  Result<TimeZone> found = TimeZone::find(*zone);
  if (found) {
    query.zone = *std::move(found);
  } else {
    reader.fault("windowTimeZone",
                 "is " + shown(*zone) + "; must be a name like Europe/Berlin of the IANA database");
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
        key.substr(kFilterPrefix.size(), key.size() - kFilterPrefix.size() - 1), value);
  }
  if (query.group_by.size() + query.group_filters.size() > kGroupNamesMax)
    reader.fault("groupBy", fmt::format("at most {} names to group and filter by are allowed",
                                        kGroupNamesMax));
}

// A tenant sees itself only, and is refused another in the same words whether or not it exists.
Result<> read_subjects(const Call& call, QueryReader& reader, MeterQuery& query) {
  const std::vector<std::string> names = values_of(call, kSubjectName);
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

Result<Answer> query_meter(Call& call) {
  QueryReader reader(call);
  MeterQuery query;
  query.slug = call.path_value("slug");
  TRY(read_subjects(call, reader, query));
  read_windows(reader, query);
  read_groups(call, reader, query);
  TRY(reader.finish());
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

Result<Answer> list_subjects(Call& call) {
  Json subjects = Json::array();
  for (std::string& name : TRY(call.services.meter_queries.subjects(call.path_value("slug"))))
    subjects.push_back(std::move(name));
  return plain_json(subjects);
}

void read_group_by(BodyReader& body, OwnMeter& meter) {
  const Json* groups = body.optional_any("groupBy");
  if (groups == nullptr || groups->is_null()) return;
  if (!groups->is_object()) {
    body.fault("groupBy", "must be an object of names and paths, like {\"model\": \"$.model\"}");
    return;
  }
  for (const auto& [name, path] : groups->as_object()) {
    if (path.is_string()) {
      meter.group_by.push_back({name, path.as_string()});
    } else {
      body.fault("groupBy." + name, "must be a path like $.model");
    }
  }
  std::ranges::sort(meter.group_by, {}, &Dimension::name);
}

Result<Answer> create_meter(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewMeter wanted;
  wanted.meter.slug = body.required_text("slug", 1, kMeterTextMax);
  wanted.meter.event_type = body.required_text("eventType", 1, kMeterTextMax);
  wanted.name = body.optional_text("name", 1, kMeterTextMax).value_or("");
  wanted.description = body.optional_text("description", 0, kMeterTextMax).value_or("");
  wanted.meter.value_path = body.optional_text("valueProperty", 1, kMeterTextMax).value_or("");
  const std::string aggregation = body.required_text("aggregation", 1, kMeterTextMax);
  if (const auto found = find_folding(aggregation)) {
    wanted.meter.aggregation = *found;
  } else if (!aggregation.empty()) {
    body.fault("aggregation",
               "is " + shown(aggregation) + "; must be one of: " + folding_names_text());
  }
  read_group_by(body, wanted.meter);
  TRY(body.finish());
  const MeterRecord made = TRY(call.services.meters.add(wanted, call.actor));
  return plain_json(meter_json({made, std::nullopt}), kCreated);
}

Result<Answer> delete_meter(Call& call) {
  TRY(call.services.meters.remove(call.path_value("slug"), call.actor));
  return no_content();
}

}  // namespace

std::vector<Route> meters_routes() {
  const Access reading = sender_or_provider_with(Permission::billing_read);
  const Access changing = provider_with(Permission::billing_update);
  Route query{"GET",
              "/api/v1/meters/{slug}/query",
              reading,
              query_meter,
              {"from", "to", "windowSize", "windowTimeZone"},
              true,
              "A meter's usage in a range of time, by window, subject and group; JSON or CSV"};
  query.repeated_names = {"subject", "groupBy", "filterGroupBy[]"};
  return {
      {"GET", "/api/v1/meters", reading, list_meters, {}, false, "The meters there are"},
      {"POST", "/api/v1/meters", changing, create_meter, {}, false, "Define a meter of your own"},
      {"GET", "/api/v1/meters/{slug}", reading, get_meter, {}, false, "One meter"},
      {"DELETE",
       "/api/v1/meters/{slug}",
       changing,
       delete_meter,
       {},
       false,
       "Delete a meter of your own, with what it counted"},
      std::move(query),
      {"GET",
       "/api/v1/meters/{slug}/subjects",
       provider_with(Permission::billing_read),
       list_subjects,
       {},
       true,
       "The tenants with usage of a meter"},
  };
}

}  // namespace metergate::api
