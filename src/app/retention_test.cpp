// Half a year of a small installation with everything built as the program builds it: what has had
// its time is nowhere in the folder, and all that it counted is there still.
#include "service/retention.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/app.h"
#include "service/aggregation.h"
#include "service/billing.h"
#include "service/directory.h"
#include "service/ingest.h"
#include "service/verification.h"
#include "storage/archive.h"
#include "storage/store.h"
#include "storage/test_folder.h"

namespace metergate {
namespace {

Timestamp moment(std::string_view text) { return *parse_timestamp(text); }
Period month_named(std::string_view text) { return *Period::parse(text); }

class RetentionOnDisk : public testing::Test {
 protected:
  RetentionOnDisk() { open(); }

  void open() {
    app_.reset();
    auto app = App::open(config_, *read_app_files(config_), {.clock = clock_, .log = log_});
    ASSERT_TRUE(app) << app.error().message;
    app_ = *std::move(app);
  }
  Services& services() { return app_->services(); }

  // Every month has callers from an address of its own.
  static std::string address_of(Period month) {
    return fmt::format("203.0.113.{}", 100 + month.ordinal() % 100);
  }

  void one_call() {
    UsageEvent event;
    event.tenant = tenant_;
    event.source = "app";
    event.occurred_at = clock_.now();
    event.id = to_text(event.occurred_at);
    event.fact = ApiCall{"GET",
                         "GET /x",
                         "/x",
                         200,
                         1,
                         2,
                         Microseconds{5},
                         address_of(Period::of(clock_.now(), TimeZone::utc())),
                         "",
                         ""};
    const auto recorded = services().ingest.record({std::move(event)});
    ASSERT_TRUE(recorded) << recorded.error().message;
  }

  // The workers, as they run each day.
  void work() {
    ASSERT_TRUE(services().aggregation.tick());
    for (int round = 0; round < 10; ++round) {
      const auto done = services().retention.tick(clock_.now());
      ASSERT_TRUE(done) << done.error().message;
      if (!done->more) return;
    }
    FAIL() << "the cleanup does not end";
  }

  bool is_anywhere(std::string_view text) const {
    for (const auto& file : std::filesystem::recursive_directory_iterator{folder_.path()}) {
      if (file.is_regular_file() && contents(file.path()).find(text) != std::string::npos)
        return true;
    }
    // What the archive has compressed, as it reads it.
    bool found = false;
    const EventRange all{std::nullopt, {Timestamp::min(), Timestamp::max()}};
    const auto archive = Archive::open(folder_ / "events").value();
    EXPECT_TRUE(archive->for_each(all, [&](const ArchivedEvent& archived) {
      found = found || std::get<ApiCall>(archived.event.fact).ip == text;
      return !found;
    }));
    return found;
  }

  TestFolder folder_;
  Config config_ =
      load_config({.flags = {{"DATA_DIR", folder_.path().string()}}, .environment = {}, .file = {}})
          ->config;
  ManualClock clock_{moment("2026-01-01T00:00:00Z")};
  Log log_{clock_, LogLevel::error};
  TenantId tenant_ = *TenantId::parse("acme");
  std::unique_ptr<App> app_;
};

TEST_F(RetentionOnDisk, ADayAfterItsEndNothingIsLeftOfAMonthInHalfAYearOfDays) {
  ASSERT_TRUE(services().directory.add({tenant_, "Acme", "free", {}}, {"ann", "", "", ""}));
  int restarts = 0;
  for (; clock_.now() < moment("2026-06-15T00:00:00Z"); clock_.advance(std::chrono::hours{24})) {
    one_call();
    work();
    const Period now = Period::of(clock_.now(), TimeZone::utc());
    const bool is_first = clock_.now() == now.window(TimeZone::utc()).start;
    if (!is_first) continue;
    if (++restarts % 2 == 0) open();
    EXPECT_TRUE(is_anywhere(address_of(now))) << "the month that began is there";
    // Three full months are kept beside the one that runs.
    if (now > month_named("2026-03")) {
      EXPECT_TRUE(is_anywhere(address_of(Period::from_ordinal(now.ordinal() - 3)))) << now.text();
    }
    EXPECT_FALSE(is_anywhere(address_of(Period::from_ordinal(now.ordinal() - 4)))) << now.text();
  }
  for (const char* month : {"2026-01", "2026-02", "2026-03", "2026-04", "2026-05"}) {
    const auto counter = services().store.counter(tenant_, period(month)).value();
    EXPECT_EQ(counter->calls.count,
              period(month).next().first_day() - period(month).first_day() == std::chrono::days{31}
                  ? 31
              : std::string_view{month} == "2026-02" ? 28
                                                     : 30);
  }
  const Verification verification(
      {services().store, services().directory, services().billing, services().audit_log});
  const Verdict verdict = verification.verify(std::nullopt).value();
  EXPECT_EQ(verdict.differences_total, 0) << to_text(verdict_json(verdict));
}

}  // namespace
}  // namespace metergate
