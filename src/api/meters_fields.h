// The parameters and answers of the routes of meters and subjects, in OpenMeter's words. Constant
// data; any thread.
#pragma once

#include "api/usual_fields.h"
#include "domain/own_meter.h"
#include "service/meters/meter_windows.h"
#include "service/meters/meters.h"

namespace metergate::api {

inline constexpr std::size_t kSubjectsMax = 100;
inline constexpr std::size_t kGroupNamesMax = 20;
inline constexpr std::size_t kMeterTextMax = 1024;
inline constexpr auto kFoldingWords = names_in(kFoldings, &FoldingRow::name);
inline constexpr std::array<std::string_view, 1> kCountsFromWords = {"period_start"};

constexpr Field repeated(Field field) {
  field.is_repeated = true;
  return field;
}
constexpr Field map_of_texts(std::string_view name, std::string_view about) {
  Field field = of_kind(name, Kind::map, about);
  field.element = Kind::text;
  return field;
}

inline constexpr std::array<Field, 9> kMeterQuery = {
    Field{.name = "from",
          .kind = Kind::time,
          .about = "the first instant",
          .example = "2026-03-01T00:00:00Z"},
    Field{.name = "to",
          .kind = Kind::time,
          .about = "the instant where it ends, not included",
          .example = "2026-04-01T00:00:00Z"},
    choice_of("windowSize", kWindowSizeNames, "one row for each window; else one for all"),
    Field{
        .name = "windowTimeZone", .about = "of the IANA database; UTC", .example = "Europe/Berlin"},
    of_kind("clientId", Kind::text, "taken and not looked at"),
    of_kind("advancedMeterGroupByFilters", Kind::text,
            "JSON: by group, $eq, $ne, $in, $nin, $like and the like"),
    repeated(of_kind("subject", Kind::text, "a tenant's id; up to 100")),
    repeated(of_kind("groupBy", Kind::text, "subject, or a group of the meter; up to 20")),
    repeated(of_kind("filterGroupBy[]", Kind::text, "filterGroupBy[model]=x: only this value")),
};
inline constexpr std::array<Field, 9> kMeterQuestionFields = {
    texts_of("subject", kSubjectsMax, "tenants' ids"),
    of_kind("from", Kind::time, "the first instant"),
    of_kind("to", Kind::time, "the instant where it ends, not included"),
    choice_of("windowSize", kWindowSizeNames, "one row for each window; else one for all"),
    text_of("windowTimeZone", 1, kMeterTextMax, "of the IANA database; UTC"),
    texts_of("groupBy", kGroupNamesMax, "subject, or groups of the meter"),
    Field{.name = "filterGroupBy",
          .kind = Kind::map,
          .about = "by group, the values that count",
          .element = Kind::texts},
    of_kind("clientId", Kind::any, "taken and not looked at"),
    of_kind("filterCustomerId", Kind::any, "not known here; only an empty one is taken"),
};
inline constexpr std::array<Field, 1> kAdvancedFilterField = {of_kind(
    "advancedMeterGroupByFilters", Kind::any, "by group, an object such as {\"$eq\": \"x\"}")};
inline constexpr auto kMeterQuestionAllFields =
    joined_fields(kMeterQuestionFields, kAdvancedFilterField);
inline constexpr Shape kMeterQuestionBody = {.name = "MeterQuestion",
                                             .fields = kMeterQuestionAllFields};
inline constexpr std::array<Field, 2> kGroupValuesQuery = {
    of_kind("from", Kind::time, "the first instant; a day before the end"),
    of_kind("to", Kind::time, "the instant where it ends, not included; now")};
inline constexpr std::array<Field, 1> kAcceptHeaders = {
    Field{.name = "Accept", .about = "text/csv: as a table", .example = "application/json"}};

inline constexpr Field kMetadataField =
    map_of_texts("metadata", "texts of your own by name; null takes them away");
inline constexpr Field kGroupByField =
    map_of_texts("groupBy", "by name, the path of a text in the event's data");
inline constexpr std::array<Field, 10> kNewMeterFields = {
    required(text_of("slug", 1, kMeterTextMax,
                     "its name in queries and statements: a to z, 0 to 9 and _")),
    required(text_of("eventType", 1, kMeterTextMax, "the type of the events that it counts")),
    text_of("name", 1, kMeterNameMax),
    text_of("description", 0, kMeterDescriptionMax),
    text_of("valueProperty", 1, kMeterTextMax, "the path of the number in the event's data"),
    required(choice_of("aggregation", kFoldingWords, "how values become one")),
    kGroupByField,
    of_kind("tenant_may_send", Kind::flag, "whether a tenant's own token may send these events"),
    choice_of("from", kCountsFromWords, "count the kept events of open periods as well"),
    kMetadataField,
};
inline constexpr Shape kNewMeterBody = {.name = "NewMeter", .fields = kNewMeterFields};
inline constexpr std::array<Field, 4> kMeterPatchFields = {
    text_of("name", 1, kMeterNameMax), text_of("description", 0, kMeterDescriptionMax),
    kGroupByField, kMetadataField};
inline constexpr Shape kMeterPatchBody = {.name = "MeterPatch", .fields = kMeterPatchFields};
inline constexpr std::array<Field, 1> kNewMeterQuery = {kDryRunField};

inline constexpr std::array<Field, 14> kMeterFields = {
    given("id", Kind::text),
    given("slug", Kind::text),
    given("name", Kind::text),
    given("aggregation", kFoldingWords),
    given("eventType", Kind::text),
    at_times(given("description", Kind::text)),
    at_times(given("valueProperty", Kind::text)),
    given_map("groupBy", Kind::text),
    given("builtIn", Kind::flag),
    at_times(given("tenant_may_send", Kind::flag)),
    at_times(given("countsFrom", Kind::time)),
    at_times(given_map("metadata", Kind::text)),
    given("createdAt", Kind::time),
    given("updatedAt", Kind::time),
};
inline constexpr Shape kMeterShape = {.name = "Meter", .fields = kMeterFields};
inline constexpr std::array<Field, 5> kMeterMonthFields = {
    given("subject", Kind::text), given("period", Kind::month), given("events", Kind::integer),
    given("unusableEvents", Kind::integer), or_null(given("value", Kind::number))};
inline constexpr Shape kMeterMonth = {.name = "MeterMonth", .fields = kMeterMonthFields};
inline constexpr std::array<Field, 7> kMeterPreviewFields = {
    given("dryRun", Kind::flag),
    or_null(given("from", Kind::time)),
    given("events", Kind::integer),
    given("unusableEvents", Kind::integer),
    or_null(given("value", Kind::number)),
    given("hasMore", Kind::flag),
    given("data", Kind::list, kMeterMonth),
};
inline constexpr Shape kMeterPreview = {.name = "MeterPreview", .fields = kMeterPreviewFields};
inline constexpr std::array<Field, 6> kMeterRowFields = {
    or_null(given("value", Kind::number)),
    given("windowStart", Kind::time),
    given("windowEnd", Kind::time),
    or_null(given("subject", Kind::text)),
    with_nulls(given_map("groupBy", Kind::text)),
    at_times(given("isLowerBound", Kind::flag, "of unique counts that grew too large")),
};
inline constexpr Shape kMeterRow = {.name = "MeterRow", .fields = kMeterRowFields};
inline constexpr std::array<Field, 5> kMeterResultFields = {
    given("from", Kind::time),
    given("to", Kind::time),
    at_times(given("windowSize", kWindowSizeNames)),
    given("data", Kind::list, kMeterRow),
    given("unusableEvents", Kind::integer, "events without a number where one was needed"),
};
inline constexpr Shape kMeterResult = {.name = "MeterResult", .fields = kMeterResultFields};

inline constexpr std::array<Field, 2> kSubjectWriteFields = {
    required(id_of("key", "the tenant's id")), text_of("displayName", 1, kNameLengthMax)};
inline constexpr Shape kSubjectWrite = {.name = "SubjectName", .fields = kSubjectWriteFields};
inline constexpr std::array<Field, 6> kSubjectFields = {
    given("id", Kind::text),      given("key", Kind::text),       given("displayName", Kind::text),
    given("metadata", Kind::any), given("createdAt", Kind::time), given("updatedAt", Kind::time)};
inline constexpr Shape kSubjectShape = {.name = "Subject", .fields = kSubjectFields};

}  // namespace metergate::api
