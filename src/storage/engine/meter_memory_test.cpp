// The memory that cells of many meters with long groups take.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "storage/engine/open_store.h"
#include "storage/testing/store_contract.h"
#include "storage/testing/test_folder.h"

namespace metergate::contract {
namespace {

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  file >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

class MeterMemory : public testing::Test {
 protected:
  void SetUp() override {
    EmbeddedOptions options;
    options.folder = folder_.path();
    options.zone = TimeZone::utc();
    options.segment_bytes = 8 << 20;
    auto store = open_embedded_store(options, clock_, log_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(store).value();
    for (int number = 0; number < 10; ++number) add_meter(number);
  }

  // Grouped by five values, in a different order for each meter.
  void add_meter(int number) {
    MeterRecord record;
    record.id = fmt::format("m{}", number);
    record.meter = {record.id, "prompt", Folding::sum, "$.n", {}};
    for (int at = 0; at < 5; ++at)
      record.meter.group_by.push_back(
          {fmt::format("d{}", at), fmt::format("$.g{}", (at + number) % 5)});
    record.name = record.id;
    const Batch batch = write(Collection::meters, {"", record.id}, to_document(record));
    ASSERT_TRUE(store_->apply(batch));
  }

  // Groups that did not occur before, each in one of 600 minutes.
  UsageEvent event(int number) {
    std::string data = R"({"n":1)";
    for (int at = 0; at < 5; ++at)
      data += fmt::format(",\"g{}\":\"{:0>128}\"", at, number * 5 + at);
    UsageEvent made =
        fact("acme", fmt::format("{}", number), "2026-03-05", OtherFact{"prompt", data + "}"});
    made.occurred_at += std::chrono::minutes{number % 600};
    return made;
  }

  TestFolder folder_;
  SystemClock clock_;
  Log log_{clock_, LogLevel::error};
  std::unique_ptr<Store> store_;
};

// A sanitizer keeps freed memory for a while, and pads or shadows all memory.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::int64_t kGrownMiBMax = 200 * 5;
#elif defined(__SANITIZE_THREAD__)
constexpr std::int64_t kGrownMiBMax = 200 * 10;
#else
constexpr std::int64_t kGrownMiBMax = 200;
#endif

// Ten meters with five groups: each event made twenty cells of a kilobyte.
TEST_F(MeterMemory, LongGroupsTakeNoMoreThanTheirBound) {
  constexpr int kEvents = 30'000;
  constexpr int kBatch = 500;
  const std::int64_t before = resident_bytes();
  std::int64_t most = 0;
  for (int first = 0; first < kEvents; first += kBatch) {
    Batch batch = events({});
    for (int number = first; number < first + kBatch; ++number)
      batch.events.push_back(event(number));
    for (;;) {
      const auto commit = store_->apply(batch);
      if (commit) break;
      ASSERT_EQ(commit.error().code, ErrorCode::overloaded) << commit.error().message;
      ASSERT_TRUE(store_->checkpoint());
    }
    most = std::max(most, resident_bytes());
  }
  EXPECT_LT((most - before) >> 20, kGrownMiBMax) << "MiB";
  for (int number = 0; number < 10; ++number) {
    const auto total =
        store_->meter_total(tenant("acme"), fmt::format("m{}", number), period("2026-03"));
    EXPECT_EQ(to_text((*total)->value(Folding::sum)->shown()), std::to_string(kEvents));
  }
}

}  // namespace
}  // namespace metergate::contract
