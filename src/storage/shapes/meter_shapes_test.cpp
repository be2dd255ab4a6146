#include "storage/shapes/meter_shapes.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

MeterRecord tokens() {
  MeterRecord record;
  record.id = "01G65Z755AFWAKHE12NY0CQ9FH";
  record.meter = {"tokens", "prompt", Folding::percentile_95, "$.n", {{"a", "$.a"}, {"b", "$.b"}}};
  record.name = "Tokens";
  record.created_at = record.updated_at = Timestamp{Milliseconds{1'700'000'000'123}};
  return record;
}

TEST(MeterShapes, ComeBackFromTheirDocument) {
  const auto back = meter_from(to_document(tokens()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->meter, tokens().meter);
  EXPECT_EQ(back->name, "Tokens");
  EXPECT_EQ(back->created_at, tokens().created_at);
}

TEST(MeterShapes, WithoutAMemberAreRefused) {
  for (const char* name : {"slug", "event_type", "aggregation", "group_by", "created_at"}) {
    Json document = to_document(tokens());
    document.remove(name);
    EXPECT_FALSE(meter_from(document)) << name;
  }
}

TEST(MeterShapes, ThatNoMeterCanHaveAreRefused) {
  Json document = to_document(tokens());
  document.set("value_property", "tokens");
  EXPECT_FALSE(meter_from(document));
  document = to_document(tokens());
  document.set("aggregation", "MODE");
  EXPECT_FALSE(meter_from(document));
  document = to_document(tokens());
  document.set("group_by", Json::object({{"a", 1}}));
  EXPECT_FALSE(meter_from(document));
}

}  // namespace
}  // namespace metergate
