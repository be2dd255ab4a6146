#include "app/csv_events.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

using Texts = std::vector<std::string>;

TEST(CsvEvents, RowBecomesACloudEvent) {
  const Texts columns = {"tenant_id", "source", "id", "type", "time", "method", "status", "ip"};
  const Texts cells = {"t1", "shop", "7", "api.call", "2026-03-01T00:00:00Z", "GET", "200", ""};
  ASSERT_TRUE(check_event_columns(columns));
  EXPECT_EQ(to_text(event_from_row(columns, cells)),
            R"({"subject":"t1","source":"shop","id":"7","type":"api.call",)"
            R"("time":"2026-03-01T00:00:00Z","data":{"method":"GET","status":200}})");
}

TEST(CsvEvents, FlagsAndBrokenNumbersKeepWhatStandsThere) {
  const Texts columns = {"success", "duration_ms"};
  EXPECT_EQ(to_text(event_from_row(columns, {"true", "1.5"})),
            R"({"data":{"success":true,"duration_ms":1.5}})");
  EXPECT_EQ(to_text(event_from_row(columns, {"yes", "fast"})),
            R"({"data":{"success":"yes","duration_ms":"fast"}})");
}

TEST(CsvEvents, RowWithoutDataHasNoDataMember) {
  EXPECT_EQ(to_text(event_from_row({"id", "count"}, {"1", ""})), R"({"id":"1"})");
}

TEST(CsvEvents, ColumnsMustBeKnownOnceAndEnough) {
  EXPECT_FALSE(check_event_columns({"id", "source", "type", "subject", "colour"}));
  EXPECT_FALSE(check_event_columns({"id", "id", "source", "type", "subject"}));
  EXPECT_FALSE(check_event_columns({"source", "type", "subject"}));
  EXPECT_FALSE(check_event_columns({"id", "source", "type"}));
  EXPECT_FALSE(check_event_columns({"id", "source", "type", "subject", "tenant_id"}));
  EXPECT_TRUE(check_event_columns({"id", "source", "type", "subject"}));
}

}  // namespace
}  // namespace metergate
