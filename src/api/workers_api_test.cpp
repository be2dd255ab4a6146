#include <gtest/gtest.h>

#include "api/handler_world_test.h"

namespace metergate::api {
namespace {

TEST(WorkersApi, ShowsEachWorker) {
  HandlerWorld world;
  world.worker_board.add("aggregation", Milliseconds{600'000});
  world.worker_board.started("aggregation", world.clock.now());
  const Json data = must(world.ask(workers_routes(), {.path = "/provider/workers"})).data;
  ASSERT_EQ(data.find("workers")->as_array().size(), 1U);
  const Json& row = data.find("workers")->as_array()[0];
  EXPECT_EQ(row.string_at("name"), "aggregation");
  EXPECT_EQ(row.bool_at("running"), true);
  EXPECT_EQ(row.integer_at("every_seconds").value_or(600), 600);
}

TEST(WorkersApi, WithoutWorkersTheListIsEmpty) {
  HandlerWorld world;
  const Json data = must(world.ask(workers_routes(), {.path = "/provider/workers"})).data;
  EXPECT_TRUE(data.find("workers")->as_array().empty());
}

}  // namespace
}  // namespace metergate::api
