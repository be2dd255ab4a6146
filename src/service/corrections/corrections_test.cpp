#include "service/corrections/corrections.h"

#include <fmt/format.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class CorrectionsTest : public ServicesWorld, public testing::Test {
 protected:
  CorrectionsTest() { add("acme", "free"); }

  // Sends that many calls, with the ids c0, c1 …
  void send_calls(int count, std::string_view when = "2026-03-05T10:00:00Z") {
    std::vector<UsageEvent> events;
    for (int i = 0; i < count; ++i) {
      UsageEvent event;
      event.tenant = tenant("acme");
      event.source = "app";
      event.id = fmt::format("c{}", i);
      event.occurred_at = at(when);
      event.fact = ApiCall{"GET", "GET /x", "", 200, 1, 2, Microseconds{5}, "", "", ""};
      events.push_back(std::move(event));
    }
    must(ingest.record(std::move(events)));
  }
  static CorrectionRequest request(std::string id = "c0") {
    CorrectionRequest request;
    request.name = {tenant("acme"), "app", std::move(id)};
    request.reason = "sent twice by mistake";
    return request;
  }
  Result<Json> correct(const CorrectionRequest& wanted) {
    Result<KeptEvent> kept = corrections.find(wanted);
    if (!kept) return fail(kept.error());
    return corrections.apply(wanted, *kept, actor);
  }
  ErrorCode refusal(const CorrectionRequest& wanted) {
    const auto corrected = correct(wanted);
    EXPECT_FALSE(corrected);
    return corrected ? ErrorCode::internal : corrected.error().code;
  }
  std::int64_t calls() {
    return must(billing.statement(tenant("acme"), period("2026-03"))).usage[Meter::api_calls];
  }
};

TEST_F(CorrectionsTest, AVoidedEventLeavesTheStatementAndIsAudited) {
  send_calls(3);
  const Json made = must(correct(request()));
  EXPECT_EQ(calls(), 2);
  EXPECT_EQ(made.string_at("action"), "void");
  EXPECT_EQ(made.string_at("period"), "2026-03");
  EXPECT_EQ(made.find("event")->string_at("id"), "c0");
  EXPECT_TRUE(made.find("replacement")->is_null());
  const std::vector<Json> audits = must(store->find(
      {Collection::provider_audits, Filter::equal("action", "event.voided"), {}, 0, -1}));
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0].string_at("tenant_id"), "acme");
  EXPECT_EQ(audits[0].string_at("reason"), "sent twice by mistake");
}

TEST_F(CorrectionsTest, AReplacedEventCountsAsTheOther) {
  send_calls(2);
  CorrectionRequest wanted = request();
  const KeptEvent kept = must(corrections.find(wanted));
  wanted.replacement = kept.event;
  std::get<ApiCall>(wanted.replacement->fact).status = 500;
  const Json made = must(corrections.apply(wanted, kept, actor));
  EXPECT_EQ(made.string_at("action"), "replace");
  const Counter counter = *must(store->counter(tenant("acme"), period("2026-03")));
  EXPECT_EQ(counter.calls.count, 2);
  EXPECT_EQ(counter.calls.by_status_class[4], 1);
  const auto& replacement = *made.find("replacement");
  EXPECT_EQ(replacement.string_at("source"), "metergate");

  // The replacement can be voided in turn.
  CorrectionRequest again = request(*replacement.string_at("id"));
  again.name.source = "metergate";
  must(correct(again));
  EXPECT_EQ(calls(), 1);
}

// Both records are kept for good, and a caller's address must not be.
TEST_F(CorrectionsTest, TheCallersAddressIsNotRepeated) {
  UsageEvent event;
  event.tenant = tenant("acme");
  event.source = "app";
  event.id = "c0";
  event.occurred_at = at("2026-03-05T10:00:00Z");
  event.fact = ApiCall{"GET", "GET /x", "", 200, 1, 2, Microseconds{5}, "203.0.113.77", "", ""};
  must(ingest.record({event}));
  CorrectionRequest wanted = request();
  wanted.replacement = event;
  wanted.replacement->id = "c0-right";
  const Json made = must(correct(wanted));
  EXPECT_EQ(to_text(made).find("203.0.113.77"), std::string::npos) << to_text(made);
  for (const Collection collection : {Collection::corrections, Collection::provider_audits}) {
    for (const Json& document : must(store->find({collection, {}, {}, 0, -1})))
      EXPECT_EQ(to_text(document).find("203.0.113.77"), std::string::npos) << to_text(document);
  }
}

TEST_F(CorrectionsTest, FiguresVerifyAfterwards) {
  must(meters.add({{"tokens", "prompt", Folding::greatest, "$.n", {}}, "", ""}, actor));
  send_calls(5);
  for (const char* data : {R"({"n":1})", R"({"n":9})"})
    record("acme", at("2026-03-05T10:00:00Z"), OtherFact{"prompt", data});
  must(correct(request("c1")));
  CorrectionRequest greatest = request("2");
  greatest.name.source = "test";
  must(correct(greatest));
  const Verdict verdict = must(verification.verify(period("2026-03")));
  EXPECT_EQ(verdict.differences_total, 0) << to_text(verdict_json(verdict));
  EXPECT_EQ(must(store->meter_total(tenant("acme"), "tokens", period("2026-03")))->greatest,
            Quantity::of(1));
}

TEST_F(CorrectionsTest, TwiceIsAConflict) {
  send_calls(1);
  must(correct(request()));
  EXPECT_EQ(refusal(request()), ErrorCode::conflict);
  EXPECT_EQ(documents(Collection::corrections).size(), 1U);
}

TEST_F(CorrectionsTest, WhatIsNotThereIsNotFound) {
  send_calls(1);
  EXPECT_EQ(refusal(request("c9")), ErrorCode::not_found);
  CorrectionRequest other = request();
  other.name.source = "elsewhere";
  EXPECT_EQ(refusal(other), ErrorCode::not_found);
  other = request();
  other.name.tenant = tenant("nobody");
  EXPECT_EQ(refusal(other), ErrorCode::tenant_not_found);
  other = request();
  other.time = at("2026-03-05T10:00:01Z");
  EXPECT_EQ(refusal(other), ErrorCode::not_found) << "at another time";
  other.time = at("2026-03-05T10:00:00Z");
  must(correct(other));
}

TEST_F(CorrectionsTest, APeriodInItsGraceCanBeCorrected) {
  clock.set(at("2026-02-20T12:00:00Z"));
  send_calls(1, "2026-02-10T10:00:00Z");
  clock.set(at("2026-03-02T12:00:00Z"));
  EXPECT_EQ(must(correct(request())).string_at("period"), "2026-02");
}

TEST_F(CorrectionsTest, AReasonIsNeeded) {
  send_calls(1);
  CorrectionRequest wanted = request();
  wanted.reason = " a ";
  EXPECT_EQ(refusal(wanted), ErrorCode::invalid);
  wanted.reason = std::string(501, 'x');
  EXPECT_EQ(refusal(wanted), ErrorCode::invalid);
  EXPECT_EQ(calls(), 1);
}

TEST_F(CorrectionsTest, AReplacementIsHeldAgainstTheBoundsOfEveryEvent) {
  send_calls(1);
  CorrectionRequest wanted = request();
  const KeptEvent kept = must(corrections.find(wanted));
  wanted.replacement = kept.event;
  std::get<ApiCall>(wanted.replacement->fact).status = 99;
  EXPECT_EQ(corrections.apply(wanted, kept, actor).error().code, ErrorCode::invalid);
  wanted.replacement = kept.event;
  wanted.replacement->occurred_at = at("2026-01-05T10:00:00Z");
  EXPECT_EQ(corrections.apply(wanted, kept, actor).error().code, ErrorCode::period_closed);
  EXPECT_EQ(calls(), 1);
}

TEST_F(CorrectionsTest, AreListedNewestFirst) {
  send_calls(3);
  for (const char* id : {"c0", "c1", "c2"}) {
    must(correct(request(id)));
    clock.advance(Milliseconds{1});
  }
  CorrectionQuery query;
  query.limit = 2;
  const CorrectionPage page = must(corrections.list(query));
  EXPECT_EQ(page.total, 3);
  ASSERT_EQ(page.corrections.size(), 2U);
  EXPECT_EQ(page.corrections[0].string_at("event_id"), "c2");
  query.sort = "event_id";
  EXPECT_EQ(must(corrections.list(query)).corrections[0].string_at("event_id"), "c0");
  query.sort = "-created_at";
  EXPECT_EQ(must(corrections.list(query)).corrections[0].string_at("event_id"), "c2");
  query.tenant_id = "nobody," + page.corrections[0].string_at("tenant_id").value_or("");
  EXPECT_EQ(must(corrections.list(query)).total, 3);
  query.tenant_id = "nobody";
  EXPECT_EQ(must(corrections.list(query)).total, 0);
}

TEST_F(CorrectionsTest, AnAlertKnowsOfTheFiguresAfterAVoid) {
  send_calls(1);
  store->take_touched(10);
  must(correct(request()));
  EXPECT_EQ(store->take_touched(10).size(), 1U);
}

}  // namespace
}  // namespace metergate
