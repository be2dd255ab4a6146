// GET /provider/events: a search for raw events of every type.
#include <fmt/format.h>

#include <algorithm>

#include "api/events_fields.h"
#include "api/reader_faults.h"
#include "api/routes.h"
#include "api/time_range.h"
#include "base/crypto.h"
#include "base/nearest.h"
#include "service/access/sessions.h"
#include "service/metering/event_shapes.h"
#include "service/metering/raw_events.h"
#include "service/tenants/directory.h"

namespace metergate::api {
namespace {

constexpr std::size_t kSealBytes = 16;
constexpr std::size_t kPositionBytes = 20;
constexpr std::string_view kCursorPurpose = "cursor of raw events";

// Several values are separated by commas. A text with a comma may also be a single value.
std::vector<std::string> values_of(QueryReader& reader, std::string_view name) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return {};
  std::vector<std::string> values;
  for (std::size_t start = 0; start <= text->size();) {
    const std::size_t end = std::min(text->find(',', start), text->size());
    values.push_back(text->substr(start, end - start));
    start = end + 1;
  }
  if (values.size() > 1) values.push_back(*text);
  return values;
}

std::vector<EventFate> read_fates(QueryReader& reader) {
  const std::optional<std::string> text = reader.text("outcome");
  if (!text) return {};
  std::vector<EventFate> fates;
  for (std::size_t start = 0; start <= text->size();) {
    const std::size_t end = std::min(text->find(',', start), text->size());
    const std::string name = text->substr(start, end - start);
    const std::optional<EventFate> fate = find_fate(name);
    if (!fate) {
      reader.fault(
          "outcome",
          fmt::format("is {}; must be one or more of: counted, unmatched, voided{}", shown(name),
                      did_you_mean(name, {"counted", "unmatched", "voided"})));
      return {};
    }
    fates.push_back(*fate);
    start = end + 1;
  }
  return fates;
}

void append_number(std::string& bytes, std::uint64_t number, unsigned size) {
  for (unsigned i = size; i-- > 0;) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

std::uint64_t number_at(std::string_view bytes, std::size_t start, std::size_t size) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(start, size))
    number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

// A cursor is valid only for the query that it was issued for: its seal covers both.
class Cursors {
 public:
  explicit Cursors(const Call& call) : sessions_(call.services.sessions) {
    for (const std::string_view name :
         {"tenant_id", "type", "source", "id", "from", "to", "outcome"}) {
      const std::optional<std::string> value = call.query(name);
      question_ += value ? fmt::format("{}={}:{};", name, value->size(), *value) : ";";
    }
  }

  std::string write(const RawPosition& position) const {
    std::string bytes;
    append_number(bytes, static_cast<std::uint64_t>(position.at.time_since_epoch().count()), 8);
    append_number(bytes, position.sequence, 8);
    append_number(bytes, position.index, 4);
    return base64url(bytes + seal_of(bytes));
  }

  std::optional<RawPosition> read(QueryReader& reader) const {
    const std::optional<std::string> text = reader.text("cursor");
    if (!text) return std::nullopt;
    const std::optional<std::string> bytes = parse_base64url(*text);
    const bool has_size = bytes && bytes->size() == kPositionBytes + kSealBytes;
    if (!has_size || bytes->substr(kPositionBytes) != seal_of(bytes->substr(0, kPositionBytes))) {
      reader.fault(
          "cursor",
          "is none that was given for these filters; leave it out to begin with the newest");
      return std::nullopt;
    }
    RawPosition position;
    position.at = Timestamp{Milliseconds{static_cast<std::int64_t>(number_at(*bytes, 0, 8))}};
    position.sequence = number_at(*bytes, 8, 8);
    position.index = static_cast<std::uint32_t>(number_at(*bytes, 16, 4));
    return position;
  }

 private:
  std::string seal_of(const std::string& position) const {
    return sessions_.seal(kCursorPurpose, position + question_).substr(0, kSealBytes);
  }
  const Sessions& sessions_;
  std::string question_;
};

Result<Answer> list_events(Call& call) {
  QueryReader reader(call);
  RawFilter filter;
  filter.tenants = values_of(reader, "tenant_id");
  filter.types = values_of(reader, "type");
  filter.sources = values_of(reader, "source");
  filter.ids = values_of(reader, "id");
  filter.fates = read_fates(reader);
  const TimeRange range = read_range(reader, {"from", "to"}, call.services.rules.zone);
  filter.window = {range.from.value_or(kTimestampMin), range.to.value_or(kTimestampMax)};
  const auto limit = static_cast<std::size_t>(reader.integer("limit"));
  const Cursors cursors(call);
  const std::optional<RawPosition> after = cursors.read(reader);
  TRY(reader.finish());
  const RawPage page = TRY(list_raw_events(call.services.store, filter, after, limit));
  Json events = Json::array();
  for (const RawEvent& raw : page.events) events.push_back(raw_event_json(raw));
  Json next;
  if (page.next) next = cursors.write(*page.next);
  return answer_of(Json::object({{"events", std::move(events)}, {"next_cursor", std::move(next)}}));
}

// OpenMeter's, which takes a part of a subject or an id. None: there is no such tenant.
std::optional<std::vector<std::string>> tenants_of_subject(const Call& call,
                                                           const std::string& part) {
  if (const auto& own = call.caller->tenant()) {
    if (!own->text().contains(part)) return std::nullopt;
    return std::vector<std::string>{own->text()};
  }
  if (part.empty()) return std::vector<std::string>{};
  std::vector<std::string> tenants;
  for (const auto& record : call.services.directory.all_tenants()) {
    if (record->tenant.id.text().contains(part)) tenants.push_back(record->tenant.id.text());
  }
  if (tenants.empty()) return std::nullopt;
  return tenants;
}

// When an event arrived is not kept: its own time stands in the place.
Json ingested_json(const RawEvent& raw) {
  const UsageEvent& event = raw.kept.event;
  Json cloud_event = event_json(event);
  cloud_event.set("specversion", "1.0");
  cloud_event.set("subject", event.tenant.text());
  Json json = Json::object({{"event", std::move(cloud_event)},
                            {"ingestedAt", event.occurred_at},
                            {"storedAt", event.occurred_at}});
  if (raw.fate == EventFate::unmatched)
    json.set("validationError", "no meter counts events of this type");
  if (raw.fate == EventFate::voided) json.set("validationError", "it was voided by a correction");
  return json;
}

Result<Answer> list_ingested(Call& call) {
  QueryReader reader(call);
  for (const std::string_view name : {"ingestedAtFrom", "ingestedAtTo"}) {
    if (reader.text(name))
      reader.fault(name,
                   "is given; when an event arrived is not kept: use from and to, which are of "
                   "its own time");
  }
  RawFilter filter;
  filter.id_part = reader.text("id").value_or("");
  auto tenants = tenants_of_subject(call, reader.text("subject").value_or(""));
  const TimeRange range = read_range(reader, {"from", "to"}, call.services.rules.zone);
  filter.window = {range.from.value_or(kTimestampMin), range.to.value_or(kTimestampMax)};
  const auto limit = static_cast<std::size_t>(reader.integer("limit"));
  TRY(reader.finish());
  Json list = Json::array();
  if (tenants) {
    filter.tenants = *std::move(tenants);
    const RawPage page = TRY(list_raw_events(call.services.store, filter, std::nullopt, limit));
    for (const RawEvent& raw : page.events) list.push_back(ingested_json(raw));
  }
  Answer answer;
  http::Response& response = answer.whole.emplace();
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = to_text(list);
  return answer;
}

}  // namespace

std::vector<Route> raw_events_routes() {
  return {{.method = "GET",
           .path = "/provider/events",
           .access = provider_with(Permission::events_read),
           .handler = list_events,
           .query = kRawEventsQuery,
           .is_slow = true,
           .summary = "List the raw events as they were sent and what became of each, newest first",
           .name = "list_events",
           .answers = {{&kRawEventList}}},
          {.method = "GET",
           .path = "/api/v1/events",
           .access = sender_or_provider_with(Permission::events_read),
           .handler = list_ingested,
           .query = kIngestedQuery,
           .is_slow = true,
           .summary =
               "List the newest raw events in the format of OpenMeter's API; a tenant sees its own",
           .name = "list_ingested_events",
           .answers = {{&kIngestedEvent, 200, Form::bare_list}}}};
}

}  // namespace metergate::api
