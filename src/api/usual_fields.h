// Fields that many routes share: pages, periods, reasons. Constant data; any thread.
#pragma once

#include "api/fields.h"
#include "base/id.h"
#include "service/metering/records.h"
#include "service/shared/text_rules.h"

namespace metergate::api {

inline constexpr std::int64_t kPageMost = 1'000'000;
inline constexpr std::int64_t kPageLimitMost = 200;

inline constexpr Field kPageField = {.name = "page",
                                     .kind = Kind::integer,
                                     .about = "which page, from 1",
                                     .least = 1,
                                     .most = kPageMost,
                                     .otherwise = "1"};
inline constexpr Field kLimitField = {.name = "limit",
                                      .kind = Kind::integer,
                                      .about = "how many rows a page has",
                                      .least = 1,
                                      .most = kPageLimitMost,
                                      .otherwise = "50"};
inline constexpr Field kPeriodField = {.name = "period",
                                       .kind = Kind::month,
                                       .about = "a month of the billing time zone; the current one",
                                       .example = "2026-03"};
inline constexpr Field kDryRunField = {.name = "dry_run",
                                       .kind = Kind::flag,
                                       .about = "show what would change, and change nothing",
                                       .otherwise = "false"};

constexpr Field sort_by(Words words, std::string_view otherwise) {
  Field field;
  field.name = "sort";
  field.kind = Kind::sort;
  field.about = "the field to sort by; with - before it, the greatest first";
  field.words = words;
  field.otherwise = otherwise;
  return field;
}
// "open,acknowledged": any of them.
constexpr Field filter_of(std::string_view name, Words words, std::string_view about) {
  Field field;
  field.name = name;
  field.kind = Kind::choices;
  field.about = about;
  field.words = words;
  return field;
}
// Any of several texts, with commas between.
constexpr Field filter_of(std::string_view name, std::string_view about) {
  Field field;
  field.name = name;
  field.kind = Kind::texts;
  field.about = about;
  return field;
}
constexpr Field range_end(std::string_view name, std::string_view about) {
  Field field;
  field.name = name;
  field.kind = Kind::day_or_time;
  field.about = about;
  field.example = "2026-03-05";
  return field;
}
constexpr Field text_of(std::string_view name, std::size_t least, std::size_t most,
                        std::string_view about = {}) {
  Field field;
  field.name = name;
  field.about = about;
  field.least = static_cast<std::int64_t>(least);
  field.most = static_cast<std::int64_t>(most);
  return field;
}
constexpr Field choice_of(std::string_view name, Words words, std::string_view about = {}) {
  Field field;
  field.name = name;
  field.kind = Kind::choice;
  field.about = about;
  field.words = words;
  return field;
}
constexpr Field of_kind(std::string_view name, Kind kind, std::string_view about = {}) {
  Field field;
  field.name = name;
  field.kind = kind;
  field.about = about;
  return field;
}
constexpr Field texts_of(std::string_view name, std::size_t most, std::string_view about = {}) {
  Field field = of_kind(name, Kind::texts, about);
  field.most = static_cast<std::int64_t>(most);
  return field;
}
constexpr Field id_of(std::string_view name, std::string_view about) {
  return text_of(name, 1, kIdLengthMax, about);
}

inline constexpr Field kReasonField =
    text_of("reason", kReasonLeast, kReasonMost, "why; it stands in the audit trail");

inline constexpr std::array<Field, 4> kPaginationFields = {
    given("page", Kind::integer, "this page, from 1"),
    given("limit", Kind::integer, "how many rows a page has"),
    given("total", Kind::integer, "how many rows match"),
    given("pages", Kind::integer, "how many pages they make"),
};
inline constexpr Shape kPagination = {.name = "Pagination", .fields = kPaginationFields};
inline constexpr Field kPaginationField = given("pagination", Kind::object, kPagination);

// The statuses of tenants, stores and devices.
inline constexpr auto& kActiveOrSuspended = kRecordStatuses;

}  // namespace metergate::api
