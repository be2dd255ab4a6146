#include "service/billing/report_columns.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(ReportColumns, AreThoseThatAnyRowNeeds) {
  EXPECT_EQ(columns_of({}), ReportColumns{});
  Statement plain;
  EXPECT_TRUE(columns_of({plain}).has_rows);
  EXPECT_TRUE(columns_of({plain}).own.empty());
  Statement one;
  one.rated.own_lines.resize(2);
  one.rated.own_lines[0].meter = "tokens";
  one.rated.own_lines[1].meter = "images";
  Statement other;
  other.rated.own_lines.resize(1);
  other.rated.own_lines[0].meter = "tokens";
  other.rated.billing_error = "too much";
  const ReportColumns columns = columns_of({one, plain, other});
  EXPECT_EQ(columns.own, (std::vector<std::string>{"images", "tokens"}));
  EXPECT_TRUE(columns.has_errors);
  EXPECT_FALSE(columns.has_late);
}

TEST(ReportColumns, ComeBackAsTheyWereWritten) {
  const ReportColumns columns{true, {"images", "tokens"}, true, false};
  const Json json = columns_json(columns);
  EXPECT_EQ(must(columns_from(json)), columns);
  for (const auto& [name, value] : json.as_object()) {
    Json broken = json;
    broken.remove(name);
    EXPECT_FALSE(columns_from(broken)) << name;
  }
  Json broken = json;
  broken.set("own_meters", must(parse_json("[1]")));
  EXPECT_FALSE(columns_from(broken));
}

}  // namespace
}  // namespace metergate
