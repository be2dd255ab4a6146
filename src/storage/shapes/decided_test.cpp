#include "storage/shapes/decided.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "storage/testing/test_events.h"

namespace metergate {
namespace {

RC_GTEST_PROP(EncodedEvents, AnyOfThemStandInABatchAsTheyWere, ()) {
  const auto all = *rc::gen::container<std::vector<UsageEvent>>(test_events::any_event());
  EncodedEvents encoded(all);
  DecidedBatch batch;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    places.push_back(i);
    batch.events.push_back(all[i]);
    if (std::holds_alternative<CountReport>(all[i].fact))
      batch.counts[places.size() - 1] = *rc::gen::arbitrary<std::int64_t>();
  }
  encoded.keep(places);
  RC_ASSERT(encoded.size() == batch.events.size());
  const DecidedBatch read = decode_batch(encode(batch, encoded)).value();
  RC_ASSERT(read.events == batch.events);
  RC_ASSERT(read.counts == batch.counts);
}

TEST(DecidedBatch, AnEventIsKeptWithItsCount) {
  DecidedBatch batch;
  batch.events = {test_events::call("acme", 1), test_events::call("acme", 2)};
  batch.events[1].fact = CountReport{Meter::devices_count, std::nullopt};
  batch.counts[1] = 12;
  EXPECT_FALSE(counted_event(batch, 0));
  EXPECT_EQ(std::get<CountReport>(counted_event(batch, 1).value().fact).count, 12);
}

TEST(DecidedBatch, ACountOfAnotherKindOfEventIsRefused) {
  DecidedBatch batch;
  batch.events = {test_events::call("acme", 1)};
  batch.counts[0] = 12;
  const auto read = decode_batch(encode(batch, EncodedEvents(batch.events)));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace metergate
