// Corrections of a closed period with everything built as in the program: on disk, with restarts in
// between.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

#include "app/app.h"
#include "service/billing/billing.h"
#include "service/corrections/corrections.h"
#include "service/metering/ingest.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"
#include "service/upkeep/verification.h"
#include "storage/shapes/store.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

Timestamp at(std::string_view text) { return *parse_timestamp(text); }
Period period(std::string_view text) { return *Period::parse(text); }

constexpr std::string_view kWhen = "2026-02-10T10:00:00Z";

class LateCorrectionsOnDisk : public testing::Test {
 protected:
  LateCorrectionsOnDisk() { open(); }

  void open() {
    app_.reset();
    auto app = App::open(config_, *read_app_files(config_), {.clock = clock_, .log = log_});
    ASSERT_TRUE(app) << app.error().message;
    app_ = *std::move(app);
  }
  Services& services() { return app_->services(); }

  UsageEvent attempt(int number) {
    UsageEvent event;
    event.tenant = tenant_;
    event.source = "app";
    event.id = fmt::format("w{}", number);
    event.occurred_at = at(kWhen);
    event.fact = WebhookCall{"w", true, 200, 1, Microseconds{5}};
    return event;
  }
  Result<Json> void_event(std::string id) {
    CorrectionRequest wanted{{tenant_, "app", std::move(id)}, at(kWhen), {}, "sent twice"};
    Result<KeptEvent> kept = services().corrections.find(wanted);
    if (!kept) return fail(kept.error());
    return services().corrections.apply(wanted, *kept, {"ann", "", "", ""});
  }
  Money cost(std::string_view of) {
    return services().billing.statement(tenant_, period(of)).value().rated.cost.value();
  }

  TestFolder folder_;
  Config config_ =
      load_config({.flags = {{"DATA_DIR", folder_.path().string()}}, .environment = {}, .file = {}})
          ->config;
  ManualClock clock_{at("2026-02-01T00:00:00Z")};
  Log log_{clock_, LogLevel::error};
  TenantId tenant_ = *TenantId::parse("acme");
  std::unique_ptr<App> app_;
};

TEST_F(LateCorrectionsOnDisk, SurviveRestartsAndCloseWithTheirMonth) {
  ASSERT_TRUE(services().directory.add({tenant_, "Acme", "free", {}}, {"ann", "", "", ""}));
  clock_.set(at("2026-02-20T12:00:00Z"));
  std::vector<UsageEvent> events;
  for (int i = 0; i < 103; ++i) events.push_back(attempt(i));
  ASSERT_TRUE(services().ingest.record(std::move(events)));
  ASSERT_TRUE(void_event("w0"));  // still open: 102 attempts, two above the limit
  clock_.set(at("2026-03-10T12:00:00Z"));
  ASSERT_TRUE(services().aggregation.tick());
  open();
  EXPECT_EQ(cost("2026-02"), Money{20'000});
  EXPECT_EQ(void_event("w0").error().code, ErrorCode::conflict);
  ASSERT_TRUE(void_event("w1"));
  open();
  EXPECT_EQ(void_event("w1").error().code, ErrorCode::conflict);
  for (const char* id : {"w2", "w3"}) ASSERT_TRUE(void_event(id));
  EXPECT_EQ(cost("2026-02"), Money{20'000});
  EXPECT_EQ(cost("2026-03"), Money{-20'000});
  clock_.set(at("2026-04-10T12:00:00Z"));
  ASSERT_TRUE(services().aggregation.tick());
  open();
  EXPECT_EQ(cost("2026-03"), Money{-20'000});
  EXPECT_EQ(services().billing.statement(tenant_, period("2026-03"))->late.size(), 3U);
  EXPECT_EQ(cost("2026-04"), Money{});
  const Verification verification(
      {services().store, services().directory, services().billing, services().audit_log});
  for (const char* of : {"2026-02", "2026-03"}) {
    const Verdict verdict = verification.verify(period(of)).value();
    EXPECT_EQ(verdict.differences_total, 0) << to_text(verdict_json(verdict));
    EXPECT_EQ(verdict.reports_checked, 1);
  }
}

}  // namespace
}  // namespace metergate
