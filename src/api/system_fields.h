// The answers about the server and its workers. Constant data; any thread.
#pragma once

#include "api/usual_fields.h"

namespace metergate::api {

inline constexpr std::array<std::string_view, 2> kHealthStates = {"ok", "degraded"};
inline constexpr std::array<Field, 3> kClockFields = {
    given("agrees", Kind::flag, "false: the clock is doubted"), given("now", Kind::time),
    at_times(given("settled_now", Kind::time, "by which periods are closed meanwhile"))};
inline constexpr Shape kClockShape = {.name = "Clock", .fields = kClockFields};
inline constexpr std::array<Field, 7> kStoreFigureFields = {
    given("accepts_writes", Kind::flag),
    given("head", Kind::integer, "the newest batch"),
    given("durable", Kind::integer, "the newest batch that is on disk"),
    given("checkpointed", Kind::integer),
    given("events_kept", Kind::integer),
    given("journal_bytes", Kind::integer),
    given("disk_free_bytes", Kind::integer),
};
inline constexpr Shape kStoreFigures = {.name = "StoreFigures", .fields = kStoreFigureFields};
inline constexpr std::array<Field, 6> kHealthFields = {
    given("status", kHealthStates),
    given("version", Kind::text),
    given("engine", Kind::text),
    given("uptime_seconds", Kind::integer),
    given("clock", Kind::object, kClockShape),
    given("store", Kind::object, kStoreFigures),
};
inline constexpr Shape kHealthShape = {.name = "Health", .fields = kHealthFields};

inline constexpr std::array<Field, 12> kWorkerFields = {
    given("name", Kind::text),
    given("every_seconds", Kind::number),
    given("running", Kind::flag),
    or_null(given("last_run", Kind::time)),
    or_null(given("last_duration_ms", Kind::number)),
    given("last_done", Kind::integer),
    given("last_faults", Kind::integer),
    or_null(given("next_run", Kind::time)),
    or_null(given("last_error", Kind::text)),
    or_null(given("last_error_at", Kind::time)),
    given("runs", Kind::integer),
    given("failures", Kind::integer),
};
inline constexpr Shape kWorkerShape = {.name = "Worker", .fields = kWorkerFields};
inline constexpr std::array<Field, 2> kWorkerListFields = {
    given("workers", Kind::list, kWorkerShape), kPaginationField};
// By each of its fields.
constexpr std::array<std::string_view, kWorkerFields.size()> names_of_worker_fields() {
  std::array<std::string_view, kWorkerFields.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kWorkerFields[i].name;
  return names;
}
inline constexpr auto kWorkerSorts = names_of_worker_fields();
inline constexpr std::array<Field, 3> kWorkersQuery = {kPageField, kLimitField,
                                                       sort_by(kWorkerSorts, "")};
inline constexpr Shape kWorkerList = {.name = "WorkerList", .fields = kWorkerListFields};

}  // namespace metergate::api
