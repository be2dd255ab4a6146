#include "service/billing/tenant_months.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

std::string visited(ServicesWorld& world, std::string_view first, std::string_view last) {
  std::string text;
  must(for_each_with_months(*world.store, *world.directory, {period(first), period(last)},
                            [&](const TenantRecord& record, Months months) -> Result<> {
                              text += record.tenant.id.text() + ":";
                              for (const auto& [month, counter] : months)
                                text +=
                                    " " + month.text() + "=" + std::to_string(counter.calls.count);
                              text += "; ";
                              return {};
                            }));
  return text;
}

TEST(TenantMonths, EveryTenantIsVisitedOnceWithWhatItHas) {
  ServicesWorld world;
  for (const std::string_view id : {"a", "b", "c", "d"}) world.add(id, "free");
  world.calls("b", "2026-01-05", 3);
  world.calls("b", "2026-03-05", 5);
  world.calls("d", "2026-02-05", 7);
  // Creating a tenant makes an audit record, which counts too.
  EXPECT_EQ(visited(world, "2026-02", "2026-03"),
            "a: 2026-02=0 2026-03=0; b: 2026-02=0 2026-03=5; c: 2026-02=0 2026-03=0; "
            "d: 2026-02=7 2026-03=0; ");
  EXPECT_EQ(visited(world, "2025-11", "2025-12"), "a:; b:; c:; d:; ");
}

TEST(TenantMonths, AreWhatTheCountersSay) {
  ServicesWorld world;
  world.add_worked_example();
  world.add("z", "free");
  for (const std::string_view month : {"2025-12", "2026-01", "2026-03", "2026-05"}) {
    must(for_each_with_months(
        *world.store, *world.directory, {period(month), period(month)},
        [&](const TenantRecord& record, Months months) -> Result<> {
          const auto counter = must(world.store->counter(record.tenant.id, period(month)));
          const auto found = months.empty() ? std::nullopt : std::optional(months.front().second);
          EXPECT_EQ(found, counter) << month;
          return {};
        }));
  }
}

TEST(TenantMonths, EndWhereTheVisitorFails) {
  ServicesWorld world;
  for (const std::string_view id : {"a", "b", "c"}) world.add(id, "free");
  int visits = 0;
  const auto failed =
      for_each_with_months(*world.store, *world.directory, {period("2026-03"), period("2026-03")},
                           [&](const TenantRecord&, Months) -> Result<> {
                             if (++visits == 2) return fail(ErrorCode::internal, "enough");
                             return {};
                           });
  EXPECT_FALSE(failed.has_value());
  EXPECT_EQ(visits, 2);
}

}  // namespace
}  // namespace metergate
