#include "app/csv_events.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

using Texts = std::vector<std::string>;

std::string event_of(Texts columns, Texts cells) {
  columns.insert(columns.end(), {"id", "source", "type", "subject"});
  cells.insert(cells.end(), {"", "", "", ""});
  const auto read = EventColumns::read(columns);
  return read ? to_text(read->event(cells)) : read.error().message;
}

bool is_taken(const Texts& columns) { return EventColumns::read(columns).has_value(); }

TEST(CsvEvents, RowBecomesACloudEvent) {
  const auto columns =
      EventColumns::read({"tenant_id", "source", "id", "type", "time", "method", "status", "ip"});
  ASSERT_TRUE(columns);
  EXPECT_EQ(to_text(columns->event(
                {"t1", "shop", "7", "api.call", "2026-03-01T00:00:00Z", "GET", "200", ""})),
            R"({"subject":"t1","source":"shop","id":"7","type":"api.call",)"
            R"("time":"2026-03-01T00:00:00Z","data":{"method":"GET","status":200}})");
}

TEST(CsvEvents, FlagsAndBrokenNumbersKeepWhatStandsThere) {
  const Texts columns = {"success", "duration_ms"};
  EXPECT_EQ(event_of(columns, {"true", "1.5"}), R"({"data":{"success":true,"duration_ms":1.5}})");
  EXPECT_EQ(event_of(columns, {"yes", "fast"}),
            R"({"data":{"success":"yes","duration_ms":"fast"}})");
  EXPECT_EQ(event_of(columns, {"2", "true"}), R"({"data":{"success":"2","duration_ms":"true"}})");
}

TEST(CsvEvents, AFlagIsSaidAsSpreadsheetsDo) {
  for (const char* cell : {"TRUE", "true", "True", "1"})
    EXPECT_EQ(event_of({"success"}, {cell}), R"({"data":{"success":true}})") << cell;
  for (const char* cell : {"FALSE", "false", "False", "0"})
    EXPECT_EQ(event_of({"success"}, {cell}), R"({"data":{"success":false}})") << cell;
}

TEST(CsvEvents, AnyFieldOfDataHasAColumn) {
  EXPECT_EQ(event_of({"data.tokens", "data.model", "data.cached"}, {"12.5", "gpt", "TRUE"}),
            R"({"data":{"tokens":12.5,"model":"gpt","cached":true}})");
  EXPECT_EQ(event_of({"data.usage.in", "data.usage.out", "data.Größe"}, {"1", "2", "3"}),
            R"({"data":{"usage":{"in":1,"out":2},"Größe":3}})");
  EXPECT_EQ(event_of({"data.zip", "data.list", "data.none"}, {"007", "[1]", "null"}),
            R"({"data":{"zip":"007","list":"[1]","none":"null"}})");
  EXPECT_EQ(event_of({"data.ip", "data.success"}, {"10", "1"}),
            R"({"data":{"ip":"10","success":true}})");  // as the column ip
}

TEST(CsvEvents, RowWithoutDataHasNoDataMember) {
  EXPECT_EQ(event_of({"count", "data.x"}, {"", ""}), "{}");
}

TEST(CsvEvents, ColumnsMustBeKnownOnceAndEnough) {
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "colour"}));
  EXPECT_FALSE(is_taken({"id", "id", "source", "type", "subject"}));
  EXPECT_FALSE(is_taken({"source", "type", "subject"}));
  EXPECT_FALSE(is_taken({"id", "source", "type"}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "tenant_id"}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "status", "data.status"}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "data.a", "data.a.b"}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "data."}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", "data.a..b"}));
  EXPECT_FALSE(is_taken({"id", "source", "type", "subject", ""}));
  EXPECT_TRUE(is_taken({"id", "source", "type", "subject"}));
  EXPECT_TRUE(is_taken({" ID", "Source ", "TYPE", "Tenant_ID", "data.a", "data.ab"}));
}

TEST(CsvEvents, AnUnknownColumnIsAnsweredWithThoseThatAre) {
  EXPECT_TRUE(event_of({"colour"}, {""})
                  .starts_with("no event has a column named colour; a field of an event's data is "
                               "data.<field>, and the other columns are id, source, type, time"));
}

}  // namespace
}  // namespace metergate
