#include "service/wiring/service_set.h"

#include "service/meters/meters.h"
#include "service/testing/core_world_test.h"
#include "service/testing/plan_text_test.h"

namespace metergate {
namespace {

using namespace core_world;

TEST(ServiceSet, OpensAgainOnItsStoreWithWhatItKept) {
  TestWorld world;
  const OwnMeter tokens{"tokens", "prompt", Folding::count, "", {}};
  ASSERT_TRUE(world.set->services().meters.add({tokens, "", ""}, world.actor));
  world.restart();
  EXPECT_TRUE(world.directory->find(tenant_id("tenant_1")));
  EXPECT_FALSE(world.set->services().meters.add({tokens, "", ""}, world.actor));
}

TEST(ServiceSet, RefusesACatalogueThatItCannotRead) {
  const TestWorld world;
  const auto set = ServiceSet::open({.clock = world.clock,
                                     .log = world.quiet_log,
                                     .rules = world.rules,
                                     .store = *world.store,
                                     .plans_toml = "[[plan]]\nname = 5",
                                     .sessions = {},
                                     .url_check = any_url,
                                     .data_folder = {}});
  EXPECT_EQ(set.error().code, ErrorCode::invalid) << set.error().message;
}

}  // namespace
}  // namespace metergate
