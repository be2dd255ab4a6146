#include <gtest/gtest.h>

#include "api/testing/handler_world_test.h"

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

TEST(WorkersApi, AreSortedAndComeInPages) {
  HandlerWorld world;
  for (const char* name : {"cleanup", "aggregation", "alerts"})
    world.worker_board.add(name, Milliseconds{1000});
  const auto names = [&](std::vector<std::pair<std::string, std::string>> query) {
    const Json data =
        must(world.ask(workers_routes(), {.path = "/provider/workers", .query = std::move(query)}))
            .data;
    std::string text;
    for (const Json& row : data.find("workers")->as_array())
      text += row.string_at("name").value_or("?") + " ";
    return text;
  };
  EXPECT_EQ(names({}), "cleanup aggregation alerts ");
  EXPECT_EQ(names({{"sort", "name"}}), "aggregation alerts cleanup ");
  EXPECT_EQ(names({{"sort", "-name"}, {"limit", "1"}, {"page", "2"}}), "alerts ");
  EXPECT_FALSE(
      world.ask(workers_routes(), {.path = "/provider/workers", .query = {{"sort", "colour"}}}));
}

TEST(WorkersApi, WithoutWorkersTheListIsEmpty) {
  HandlerWorld world;
  const Json data = must(world.ask(workers_routes(), {.path = "/provider/workers"})).data;
  EXPECT_TRUE(data.find("workers")->as_array().empty());
}

}  // namespace
}  // namespace metergate::api
