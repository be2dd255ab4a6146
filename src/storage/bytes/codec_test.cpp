#include "storage/bytes/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "storage/testing/test_events.h"

namespace metergate {
namespace {

using test_events::any_event;

template <class Write>
std::string encoded(Write write) {
  std::string bytes;
  Encoder encoder{bytes};
  write(encoder);
  return bytes;
}

std::string encoded(const Json& value) {
  return encoded([&](Encoder& to) { to.json(value); });
}

rc::Gen<Json> any_json(unsigned depth) {
  return rc::gen::exec([depth]() -> Json {
    switch (depth == 0 ? test_events::one_of(6) : test_events::one_of(8)) {
      case 0:
        return {};
      case 1:
        return *rc::gen::arbitrary<bool>();
      case 2:
        return *rc::gen::arbitrary<std::int64_t>();
      case 3:
        return Decimal{*rc::gen::arbitrary<std::int64_t>(), *rc::gen::inRange<std::uint8_t>(0, 19)};
      case 4:
        return *rc::gen::arbitrary<std::string>();
      case 5:
        return Timestamp{Milliseconds{*rc::gen::arbitrary<std::int64_t>()}};
      case 6:
        return *rc::gen::container<Json::Array>(static_cast<std::size_t>(test_events::one_of(4)),
                                                any_json(depth - 1));
      default: {
        Json object = Json::object();
        for (int i = test_events::one_of(4); i > 0; --i) {
          object.set(*rc::gen::arbitrary<std::string>(), *any_json(depth - 1));
        }
        return object;
      }
    }
  });
}

rc::Gen<Gauge> any_gauge() {
  return rc::gen::exec([] {
    Gauge gauge;
    if (*rc::gen::arbitrary<bool>()) return gauge;
    gauge.last = *rc::gen::arbitrary<std::int64_t>();
    gauge.peak = *rc::gen::arbitrary<std::int64_t>();
    gauge.at = Timestamp{Milliseconds{*rc::gen::arbitrary<std::int64_t>()}};
    return gauge;
  });
}

rc::Gen<Counter> any_counter() {
  return rc::gen::exec([] {
    const auto number = rc::gen::arbitrary<std::int64_t>();
    Counter counter;
    CallSums& calls = counter.calls;
    calls.count = *number;
    calls.unbilled = *number;
    for (auto& status_class : calls.by_status_class) status_class = *number;
    calls.request_bytes = *number;
    calls.response_bytes = *number;
    calls.duration_us = *number;
    for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
      calls.durations.add(Microseconds{*number}, *rc::gen::inRange<std::uint32_t>(1, UINT32_MAX));
    }
    counter.webhooks = {*number, *number, *number};
    counter.gauges = {*any_gauge(), *any_gauge(), *any_gauge(),
                      *any_gauge(), *any_gauge(), *any_gauge()};
    counter.updated_at = Timestamp{Milliseconds{*number}};
    return counter;
  });
}

// Every proper prefix of the bytes must be refused as corrupt.
template <class Read>
void expect_every_cut_refused(std::string_view bytes, Read read) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string copy{
        bytes.substr(0, size)};  // a copy, so that a sanitizer notices an overrun
    Decoder decoder{copy};
    const auto value = read(decoder);
    RC_ASSERT(!value.has_value());
    RC_ASSERT(value.error().code == ErrorCode::corrupt);
  }
}

template <class T>
bool is_value_or_corrupt(const Result<T>& result) {
  return result.has_value() || result.error().code == ErrorCode::corrupt;
}

RC_GTEST_PROP(Codec, NumbersComeBack, (std::int64_t value, std::uint64_t other)) {
  const std::string bytes = encoded([&](Encoder& to) {
    to.number(value);
    to.unsigned_number(other);
  });
  Decoder decoder{bytes};
  RC_ASSERT(decoder.number().value() == value);
  RC_ASSERT(decoder.unsigned_number().value() == other);
  RC_ASSERT(decoder.is_at_end());
}

RC_GTEST_PROP(Codec, EventsComeBackAndEveryCutIsRefused, ()) {
  const UsageEvent event = *any_event();
  const std::string bytes = encoded([&](Encoder& to) { to.event(event); });
  Decoder decoder{bytes};
  RC_ASSERT(decoder.event().value() == event);
  RC_ASSERT(decoder.is_at_end());
  expect_every_cut_refused(bytes, [](Decoder& from) { return from.event(); });
}

RC_GTEST_PROP(Codec, CountersComeBackAndEveryCutIsRefused, ()) {
  const Counter counter = *any_counter();
  const std::string bytes = encoded([&](Encoder& to) { to.counter(counter); });
  Decoder decoder{bytes};
  RC_ASSERT(decoder.counter().value() == counter);
  RC_ASSERT(decoder.is_at_end());
  expect_every_cut_refused(bytes, [](Decoder& from) { return from.counter(); });
}

RC_GTEST_PROP(Codec, CallSumsComeBack, ()) {
  const CallSums sums = (*any_counter()).calls;
  const std::string bytes = encoded([&](Encoder& to) { to.calls(sums); });
  Decoder decoder{bytes};
  RC_ASSERT(decoder.calls().value() == sums);
  RC_ASSERT(decoder.is_at_end());
}

RC_GTEST_PROP(Codec, DocumentsComeBackAndEveryCutIsRefused, ()) {
  const Json value = *any_json(3);
  const std::string bytes = encoded(value);
  Decoder decoder{bytes};
  const Json back = decoder.json().value();
  RC_ASSERT(to_extended_text(back) == to_extended_text(value));  // kinds, scales and order as well
  RC_ASSERT(decoder.is_at_end());
  expect_every_cut_refused(bytes, [](Decoder& from) { return from.json(); });
}

RC_GTEST_PROP(Codec, RandomBytesNeverCrashADecoder, (std::string bytes)) {
  for (const auto first : {'\x00', '\x01', '\x07', '\x08', '\x0c'}) {
    const std::string input = first + bytes;
    const auto event = Decoder{input}.event();
    RC_ASSERT(is_value_or_corrupt(event));
    const auto counter = Decoder{input}.counter();
    RC_ASSERT(is_value_or_corrupt(counter));
    const auto value = Decoder{input}.json();
    RC_ASSERT(is_value_or_corrupt(value));
  }
}

TEST(Codec, ANumberHasOneEncoding) {
  EXPECT_EQ(encoded([](Encoder& to) { to.unsigned_number(300); }), "\xac\x02");
  EXPECT_EQ(encoded([](Encoder& to) { to.number(-1); }), "\x01");
  const std::string too_long{"\x80\x00", 2};
  EXPECT_EQ(Decoder{too_long}.unsigned_number().error().code, ErrorCode::corrupt);
  EXPECT_EQ(Decoder{std::string(9, '\xff') + '\x02'}.unsigned_number().error().code,
            ErrorCode::corrupt);
  EXPECT_EQ(Decoder{std::string(9, '\xff') + '\x01'}.unsigned_number().value(), UINT64_MAX);
}

TEST(Codec, ACountIsCheckedAgainstWhatIsLeftBeforeRoomIsMade) {
  const std::string huge = "\x07\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_EQ(Decoder{huge}.json().error().code, ErrorCode::corrupt);
  const std::string text = "\xff\xff\xff\xff\x0f";
  EXPECT_EQ(Decoder{text}.text().error().code, ErrorCode::corrupt);
}

TEST(Codec, NestingHasALimit) {
  Json deep;
  for (int i = 0; i < 128; ++i) deep = Json{Json::Array{std::move(deep)}};
  const std::string bytes = encoded(deep);
  EXPECT_TRUE(Decoder{bytes}.json().has_value());
  EXPECT_EQ(Decoder{"\x07\x01" + bytes}.json().error().code, ErrorCode::corrupt);
  EXPECT_EQ(Decoder{std::string(100'000, '\x07')}.json().error().code, ErrorCode::corrupt);
}

TEST(Codec, UnknownVersionsAndKindsAreRefused) {
  std::string event = encoded([](Encoder& to) { to.event(test_events::call("acme", 1)); });
  event[0] = static_cast<char>(event[0] | 0x40);
  EXPECT_EQ(Decoder{event}.event().error().code, ErrorCode::corrupt);
  event[0] = 7;
  EXPECT_EQ(Decoder{event}.event().error().code, ErrorCode::corrupt);
  std::string counter = encoded([](Encoder& to) { to.counter({}); });
  counter[0] = 2;
  EXPECT_EQ(Decoder{counter}.counter().error().code, ErrorCode::corrupt);
  EXPECT_EQ(Decoder{"\x09"}.json().error().code, ErrorCode::corrupt);
}

MeterCell any_cell() {
  const Folding folding = kFoldings[static_cast<std::size_t>(test_events::one_of(10))].aggregation;
  MeterCell cell;
  for (int i = test_events::one_of(30); i > 0; --i) {
    MeterReading reading;
    reading.is_usable = test_events::one_of(5) != 0;
    reading.value.billionths = Wide{*rc::gen::arbitrary<std::int64_t>()} * 100;
    if (row_of(folding).permille > 0 && reading.value.billionths < 0) continue;
    reading.mark = {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
    reading.at = Timestamp{Milliseconds{1 + test_events::one_of(1000)}};
    cell.fold(folding, reading);
  }
  cell.is_full = test_events::one_of(2) == 1;
  return cell;
}

RC_GTEST_PROP(Codec, AMeterCellComesBackAndNoPartOfItDoes, ()) {
  const MeterCell cell = any_cell();
  const std::string bytes = encoded([&](Encoder& to) { to.cell(cell); });
  Decoder decoder{bytes};
  RC_ASSERT(decoder.cell().value() == cell);
  RC_ASSERT(decoder.is_at_end());
  const auto cut = static_cast<std::size_t>(test_events::one_of(static_cast<int>(bytes.size())));
  RC_ASSERT(!Decoder{std::string_view(bytes).substr(0, cut)}.cell());
}

TEST(Codec, AMeterCellOfAnotherVersionOrWithAnUnknownPartIsRefused) {
  const std::string bytes = encoded([](Encoder& to) { to.cell({}); });
  ASSERT_EQ(bytes.size(), 4U);
  EXPECT_TRUE(Decoder{bytes}.cell());
  std::string other = bytes;
  other[0] = 2;
  EXPECT_EQ(Decoder{other}.cell().error().code, ErrorCode::corrupt);
  other = bytes;
  other[3] = 64;
  EXPECT_EQ(Decoder{other}.cell().error().code, ErrorCode::corrupt);
  const std::string twice("\x01\x00\x00\x08\x02", 5);
  EXPECT_FALSE(Decoder{twice + std::string(32, '\x07')}.cell()) << "the same value twice";
}

TEST(Codec, AFailedDecodeLeavesTheDecoderWhereItWas) {
  const std::string bytes = "\x05zzz";
  Decoder decoder{bytes};
  EXPECT_FALSE(decoder.text().has_value());
  EXPECT_EQ(decoder.byte().value(), 5);
}

}  // namespace
}  // namespace metergate
