#include "storage/archive/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "storage/archive/archive_block.h"
#include "storage/archive/packed_events.h"
#include "storage/testing/test_events.h"
#include "storage/testing/test_folder.h"

namespace metergate {

bool operator==(const ArchivedEvent& a, const ArchivedEvent& b) {
  return key_of(a) == key_of(b) && a.event == b.event;
}

void PrintTo(const ArchivedEvent& event, std::ostream* out) {
  *out << event.event.tenant.text() << " at " << event.event.occurred_at.time_since_epoch().count()
       << " of batch " << event.sequence << "/" << event.index;
}

namespace {

using test_events::tenant;
using ::testing::HasSubstr;
using Events = std::vector<ArchivedEvent>;

Timestamp at_ms(std::int64_t ms) { return Timestamp{Milliseconds{ms}}; }

const Window kAlways{at_ms(INT64_MIN), at_ms(INT64_MAX)};

std::unique_ptr<Archive> opened(const TestFolder& folder) {
  auto archive = Archive::open(folder.path());
  EXPECT_TRUE(archive.has_value()) << archive.error().message;
  return *std::move(archive);
}

Events drain(EventCursor& cursor) {
  Events events;
  for (;;) {
    auto event = cursor.next();
    EXPECT_TRUE(event.has_value()) << event.error().message;
    if (!event || !*event) return events;
    events.push_back(**event);
  }
}

Events newest_first(const Archive& archive, const EventRange& range) {
  return drain(**archive.newest_first(range));
}

Events in_stored_order(const Archive& archive, const EventRange& range) {
  Events events;
  EXPECT_TRUE(archive.for_each(range, [&](const ArchivedEvent& event) {
    events.push_back(event);
    return true;
  }));
  return events;
}

bool is_in(const EventRange& range, const ArchivedEvent& event) {
  return range.window.contains(event.event.occurred_at) &&
         (!range.tenant || *range.tenant == event.event.tenant);
}

// The expected result of a search, by looking at every event.
Events expected_newest_first(const Events& all, const EventRange& range) {
  Events found;
  std::ranges::copy_if(all, std::back_inserter(found),
                       [&](const ArchivedEvent& event) { return is_in(range, event); });
  std::ranges::sort(found, std::greater{}, key_of);
  return found;
}

// For each kind of fact, counts the events of batches up to `through`.
void expect_counts(const Archive& archive, const Events& all, const EventRange& range,
                   std::uint64_t through) {
  for (std::size_t kind = 0; kind < std::variant_size_v<Fact>; ++kind) {
    const auto count = std::ranges::count_if(all, [&](const ArchivedEvent& event) {
      return event.event.fact.index() == kind && event.sequence <= through && is_in(range, event);
    });
    EXPECT_EQ(archive.count(range, {kind, through}).value(), count) << kind;
  }
}

// Batches first…last with `each` events, for some tenants, partly with many equal times.
Events made_events(std::uint64_t first, std::uint64_t last, std::uint32_t each, unsigned seed) {
  std::mt19937 random{seed};
  Events events;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    for (std::uint32_t i = 0; i < each; ++i) {
      const std::int64_t ms = static_cast<std::int64_t>(sequence * 10 + random() % 200);
      UsageEvent event = test_events::call("tenant-" + std::to_string(random() % 7), ms);
      event.id += "-" + std::to_string(random());
      events.push_back({sequence, i, std::move(event)});
    }
  }
  return events;
}

RC_GTEST_PROP(Archive, EventsOfEveryKindComeBackInEveryOrder, ()) {
  const TestFolder folder;
  const auto archive = opened(folder);
  Events all;
  std::uint64_t sequence = 1;
  for (int files = test_events::one_of(4); files > 0; --files) {
    Events events;
    const std::uint64_t first = sequence;
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i) {
      UsageEvent event = *test_events::any_event();
      if (test_events::one_of(2) == 0) event.occurred_at = at_ms(test_events::one_of(20));
      events.push_back({sequence, static_cast<std::uint32_t>(i), std::move(event)});
      if (test_events::one_of(3) == 0) ++sequence;
    }
    RC_ASSERT(archive->add(first, sequence, events).has_value());
    ++sequence;
    std::ranges::copy(events, std::back_inserter(all));
  }
  EventRange range{std::nullopt, kAlways};
  if (test_events::one_of(2) == 0) range.tenant = tenant("acme");
  if (test_events::one_of(2) == 0) range.window = {at_ms(3), at_ms(12)};
  const Events expected = expected_newest_first(all, range);
  RC_ASSERT(newest_first(*archive, range) == expected);
  Events stored = in_stored_order(*archive, range);
  std::ranges::sort(stored, std::greater{}, key_of);
  RC_ASSERT(stored == expected);
  RC_ASSERT(archive->event_count() == static_cast<std::int64_t>(all.size()));
  RC_ASSERT(newest_first(*opened(folder), range) == expected);
  expect_counts(*archive, all, range, UINT64_MAX);
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(Archive, SearchesOverManyBlocksAndFilesEqualALookAtEveryEvent) {
  const TestFolder folder;
  const auto archive = opened(folder);
  Events all;
  for (std::uint64_t file = 0; file < 4; ++file) {
    const auto seed = static_cast<unsigned>(file);
    const Events events = made_events(file * 100 + 1, file * 100 + 100, 60, seed);
    ASSERT_TRUE(archive->add(file * 100 + 1, file * 100 + 100, events));
    std::ranges::copy(events, std::back_inserter(all));
  }
  for (const auto& of : {std::optional<TenantId>{}, std::optional{tenant("tenant-3")},
                         std::optional{tenant("nobody")}}) {
    for (const Window& window : {kAlways, Window{at_ms(900), at_ms(1300)},
                                 Window{at_ms(1000), at_ms(1001)}, Window{at_ms(5), at_ms(5)}}) {
      const EventRange range{of, window};
      EXPECT_EQ(newest_first(*archive, range), expected_newest_first(all, range));
      expect_counts(*archive, all, range, UINT64_MAX);
      expect_counts(*archive, all, range, 200);  // the first two files
    }
  }
}

TEST(Archive, StoredOrderIsByFileThenTenantThenTime) {
  const TestFolder folder;
  const auto archive = opened(folder);
  ASSERT_TRUE(archive->add(1, 2, made_events(1, 2, 50, 1)));
  ASSERT_TRUE(archive->add(3, 4, made_events(3, 4, 50, 2)));
  const Events stored = in_stored_order(*archive, {std::nullopt, kAlways});
  ASSERT_EQ(stored.size(), 200U);
  for (std::size_t i = 1; i < stored.size(); ++i) {
    if (i == 100) continue;
    const auto place = [](const ArchivedEvent& event) {
      return std::pair{event.event.tenant, key_of(event)};
    };
    EXPECT_LT(place(stored[i - 1]), place(stored[i]));
  }
  std::size_t seen = 0;
  ASSERT_TRUE(
      archive->for_each({std::nullopt, kAlways}, [&](const ArchivedEvent&) { return ++seen < 5; }));
  EXPECT_EQ(seen, 5U) << "a visitor that has enough is not called again";
}

TEST(Archive, AnEventLargerThanABlockIsKept) {
  const TestFolder folder;
  const auto archive = opened(folder);
  Events events = made_events(1, 1, 3, 1);
  events[1].event.fact = OtherFact{"big", std::string(300'000, 'x')};
  ASSERT_TRUE(archive->add(1, 1, events));
  const EventRange range{std::nullopt, kAlways};
  EXPECT_EQ(newest_first(*archive, range), expected_newest_first(events, range));
}

TEST(Archive, KnowsHowFarItGoesAndTakesEachSpanOnce) {
  const TestFolder folder;
  const auto archive = opened(folder);
  EXPECT_EQ(archive->archived_through(), 0U);
  const Events events = made_events(1, 5, 2, 1);
  ASSERT_TRUE(archive->add(1, 5, events));
  ASSERT_TRUE(archive->add(1, 5, events)) << "again: there already";
  ASSERT_TRUE(archive->add(6, 9, {})) << "batches without events are archived too";
  EXPECT_EQ(archive->archived_through(), 9U);
  EXPECT_EQ(archive->event_count(), 10);
  EXPECT_EQ(archive->add(8, 12, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(archive->add(20, 19, {}).error().code, ErrorCode::invalid);
  const auto again = opened(folder);
  EXPECT_EQ(again->archived_through(), 9U);
  EXPECT_EQ(again->event_count(), 10);
}

TEST(Archive, RemovesWhatIsOlderFromEveryFile) {
  const TestFolder folder;
  const auto archive = opened(folder);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto ms = static_cast<std::int64_t>(i * 100);
    const Events events{{i, 0, test_events::call("acme", ms)},
                        {i, 1, test_events::call("acme", ms + 50)}};
    ASSERT_TRUE(archive->add(i, i, events));
  }
  EXPECT_EQ(archive->remove_before(at_ms(100), 10).value(), 0) << "half-open";
  EXPECT_EQ(archive->remove_before(at_ms(150), 10).value(), 1) << "of two in the file";
  EXPECT_EQ(newest_first(*archive, {std::nullopt, kAlways}).size(), 7U);
  EXPECT_EQ(opened(folder)->event_count(), 7);
  EXPECT_EQ(archive->remove_before(at_ms(151), 10).value(), 1);
  EXPECT_EQ(archive->remove_before(at_ms(1000), 1).value(), 2) << "bounded by files";
  EXPECT_EQ(archive->event_count(), 4);
  EXPECT_EQ(archive->remove_before(at_ms(1000), 10).value(), 4);
  EXPECT_EQ(archive->remove_before(at_ms(1000), 10).value(), 0);
  EXPECT_EQ(archive->event_count(), 0);
  EXPECT_EQ(archive->archived_through(), 4U) << "how far it goes is not forgotten with the events";
  EXPECT_EQ(opened(folder)->archived_through(), 4U);
  EXPECT_TRUE(newest_first(*archive, {std::nullopt, kAlways}).empty());
}

RC_GTEST_PROP(Archive, AFileWrittenAnewHasExactlyWhatIsLeft, ()) {
  const TestFolder folder;
  const auto archive = opened(folder);
  const Events events = made_events(1, 60, 30, *rc::gen::arbitrary<std::uint32_t>());
  RC_ASSERT(archive->add(1, 60, events).has_value());
  RC_ASSERT(archive->add(61, 61, {}).has_value());
  const Timestamp cut = (*rc::gen::elementOf(events)).event.occurred_at;
  const auto chosen_before = *archive->newest_first({std::nullopt, kAlways});
  const Events all = newest_first(*archive, {std::nullopt, kAlways});
  Events left;
  std::ranges::copy_if(all, std::back_inserter(left),
                       [cut](const ArchivedEvent& one) { return one.event.occurred_at >= cut; });
  RC_ASSERT(archive->remove_before(cut, 10).value() ==
            static_cast<std::int64_t>(all.size() - left.size()));
  RC_ASSERT(newest_first(*archive, {std::nullopt, kAlways}) == left);
  const auto again = opened(folder);
  RC_ASSERT(newest_first(*again, {std::nullopt, kAlways}) == left);
  for (const char* who : {"tenant-0", "tenant-5"}) {
    const EventRange of_one{tenant(who), kAlways};
    RC_ASSERT(in_stored_order(*again, of_one).size() ==
              static_cast<std::size_t>(std::ranges::count_if(
                  left, [&](const auto& one) { return one.event.tenant == tenant(who); })));
  }
  // A reader that chose the file before it was rewritten reads its old content or the remaining
  // events, never less.
  const auto read = drain(*chosen_before).size();
  RC_ASSERT(read == all.size() || read == left.size());
}

TEST(Archive, ACursorOutlivesTheRemovalOfItsFiles) {
  const TestFolder folder;
  const auto archive = opened(folder);
  const Events events = made_events(1, 50, 20, 1);
  ASSERT_TRUE(archive->add(1, 50, events));
  ASSERT_TRUE(archive->add(51, 51, {}));
  const auto started = *archive->newest_first({std::nullopt, kAlways});
  const auto waiting = *archive->newest_first({std::nullopt, kAlways});
  ASSERT_TRUE(started->next().value().has_value());
  ASSERT_EQ(archive->remove_before(at_ms(INT64_MAX), 10).value(), 1000);
  EXPECT_EQ(drain(*started).size(), 999U);
  EXPECT_TRUE(drain(*waiting).empty());
}

TEST(Archive, LeftOversOfAnInterruptedAddAreRemoved) {
  const TestFolder folder;
  const auto archive = opened(folder);
  ASSERT_TRUE(archive->add(1, 3, made_events(1, 3, 4, 1)));
  const auto file = std::filesystem::directory_iterator { folder.path() } -> path();
  const std::filesystem::path left_over =
      folder / "00000000000000000004-00000000000000000005.mga.new";
  replace_contents(left_over, contents(file).substr(0, 100));
  const auto again = opened(folder);
  EXPECT_FALSE(std::filesystem::exists(left_over));
  EXPECT_EQ(again->archived_through(), 3U);
  EXPECT_TRUE(again->add(4, 5, {}));
}

TEST(Archive, ABitFlippedAnywhereIsFoundWithItsFile) {
  const TestFolder folder;
  const Events events = made_events(1, 4, 5, 1);
  ASSERT_TRUE(opened(folder)->add(1, 4, events));
  const auto file = std::filesystem::directory_iterator { folder.path() } -> path();
  const std::size_t size = contents(file).size();
  for (std::size_t at = 0; at < size; ++at) {
    flip_bit(file, at, static_cast<unsigned>(at % 8));
    const auto archive = Archive::open(folder.path());
    Result<> read;
    if (archive) {
      read = (*archive)->for_each({std::nullopt, kAlways}, [](const auto&) { return true; });
    } else {
      read = fail(archive.error());
    }
    ASSERT_FALSE(read.has_value()) << "byte " << at;
    ASSERT_EQ(read.error().code, ErrorCode::corrupt);
    ASSERT_THAT(read.error().message, HasSubstr(file.string()));
    if (archive) {
      const auto cursor = *(*archive)->newest_first({std::nullopt, kAlways});
      ASSERT_EQ(cursor->next().error().code, ErrorCode::corrupt);
    }
    flip_bit(file, at, static_cast<unsigned>(at % 8));
  }
}

TEST(Archive, AFileCutAtAnyByteIsFound) {
  const TestFolder folder;
  ASSERT_TRUE(opened(folder)->add(1, 4, made_events(1, 4, 5, 1)));
  const auto file = std::filesystem::directory_iterator { folder.path() } -> path();
  for (std::size_t size = contents(file).size(); size-- > 0;) {
    std::filesystem::resize_file(file, size);
    ASSERT_EQ(Archive::open(folder.path()).error().code, ErrorCode::corrupt) << size;
  }
}

TEST(Archive, AFileUnderAnothersNameAndAnOverlapAreFound) {
  const TestFolder folder;
  ASSERT_TRUE(opened(folder)->add(1, 4, made_events(1, 4, 5, 1)));
  const auto file = std::filesystem::directory_iterator { folder.path() } -> path();
  std::filesystem::copy_file(file, folder / "00000000000000000005-00000000000000000008.mga");
  EXPECT_THAT(Archive::open(folder.path()).error().message, HasSubstr("another file's content"));
  std::filesystem::rename(folder / "00000000000000000005-00000000000000000008.mga",
                          folder / "00000000000000000004-00000000000000000008.mga");
  EXPECT_THAT(Archive::open(folder.path()).error().message, HasSubstr("overlap"));
}

TEST(Archive, OtherFilesInTheFolderAreLeftAlone) {
  const TestFolder folder;
  replace_contents(folder / "notes.txt", "mine");
  EXPECT_EQ(opened(folder)->event_count(), 0);
  EXPECT_EQ(contents(folder / "notes.txt"), "mine");
}

// An hour of a shop system's calls: 200 tenants, 60 endpoints, random identifiers.
Events realistic_events(std::size_t count) {
  std::mt19937_64 random{7};
  const auto hex = [&random](int digits) {
    std::string text;
    while (digits-- > 0) text.push_back("0123456789abcdef"[random() % 16]);
    return text;
  };
  Events events;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string of = "tenant_" + std::to_string(random() % 200);
    UsageEvent event = test_events::call(of, static_cast<std::int64_t>(1'770'000'000'000 + i * 7));
    event.source = "shop-app";
    event.id = hex(8) + "-" + hex(4) + "-4" + hex(3) + "-a" + hex(3) + "-" + hex(12);
    const auto endpoint = random() % 60;
    ApiCall call;
    call.method = endpoint % 3 == 0 ? "POST" : "GET";
    call.endpoint = call.method + " /api/tenants/{tenant_id}/resource" + std::to_string(endpoint);
    call.path = "/api/tenants/" + of + "/resource" + std::to_string(endpoint);
    call.status = random() % 20 == 0 ? 404 : 200;
    call.request_bytes = static_cast<std::int64_t>(endpoint % 3 == 0 ? random() % 2000 : 0);
    call.response_bytes = static_cast<std::int64_t>(200 + random() % 4000);
    call.duration = Microseconds{static_cast<std::int64_t>(500 + random() % 60'000)};
    call.ip = "10.0." + std::to_string(random() % 4) + "." + std::to_string(random() % 50);
    call.store_id = "store_" + std::to_string(random() % 10);
    call.device_id = "device_" + std::to_string(random() % 30);
    event.fact = std::move(call);
    events.push_back({i / 500 + 1, static_cast<std::uint32_t>(i % 500), std::move(event)});
  }
  return events;
}

TEST(Archive, AnEventOfARealisticMixTakesAtMostFortyBytes) {
  const TestFolder folder;
  const auto archive = opened(folder);
  constexpr std::size_t kEvents = 100'000;
  ASSERT_TRUE(archive->add(1, kEvents / 500, realistic_events(kEvents)));
  const auto file = std::filesystem::directory_iterator { folder.path() } -> path();
  const auto bytes = std::filesystem::file_size(file);
  RecordProperty("bytes_for_1000_events", static_cast<int>(bytes * 1000 / kEvents));
  EXPECT_LE(bytes, 40 * kEvents) << bytes / kEvents << " bytes an event";
}

}  // namespace
}  // namespace metergate
