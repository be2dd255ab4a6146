// The environment for tests of late corrections: a tenant on the free plan with calls in February,
// and the clock in March, when February is closed. One thread.
#pragma once

#include <fmt/format.h>

#include "service/billing/frozen_reports.h"
#include "service/testing/services_world_test.h"

namespace metergate {

class LateWorld : public ServicesWorld {
 public:
  explicit LateWorld(BillingRules its_rules = {})
      : ServicesWorld(std::move(its_rules), "2026-01-01T00:00:00Z") {
    add("acme", "free");
    clock.set(at("2026-02-20T12:00:00Z"));
  }

  static constexpr std::string_view kWhen = "2026-02-10T10:00:00Z";

  void send(std::string id, Fact fact, std::string_view when = kWhen, bool billable = true) {
    UsageEvent event;
    event.tenant = tenant("acme");
    event.source = "app";
    event.id = std::move(id);
    event.occurred_at = at(when);
    event.billable = billable;
    event.fact = std::move(fact);
    must(ingest.record({std::move(event)}));
  }
  static Fact call() {
    return ApiCall{"GET", "GET /x", "", 200, 1, 2, Microseconds{5}, "", "", ""};
  }
  // An own meter with a price in the free plan: half a dollar above ten.
  void price_tokens(Folding folding) {
    clock.set(at("2026-02-01T00:00:00Z"));
    must(meters.add({{"tokens", "prompt", folding, "$.n", {}}, "", ""}, actor));
    std::string text = catalogue_text();
    const std::size_t first = text.find("\n[[plan]]");
    text.insert(text.find("\n[[plan]]", first + 1),
                "\n[plan.meters.tokens]\nlimit = 10\nrate = \"0.5\"\n");
    clock.advance(Milliseconds{1});
    must(Catalog::open(*store, clock, text));
    must(catalog->reload());
    clock.set(at("2026-02-20T12:00:00Z"));
  }
  // Events c0, c1 … besides a total, so that this many calls are counted in all.
  void february_calls(std::int64_t all, int events) {
    if (all > events) calls("acme", "2026-02-05", all - events);
    for (int i = 0; i < events; ++i) send(fmt::format("c{}", i), call());
  }
  void go_to_march() { clock.set(at("2026-03-10T12:00:00Z")); }

  CorrectionRequest request(std::string id, std::string_view when = kWhen) const {
    CorrectionRequest request;
    request.name = {tenant("acme"), "app", std::move(id)};
    request.time = at(when);
    request.reason = "counted in error";
    return request;
  }
  Result<Json> try_void(std::string id, std::string_view when = kWhen) {
    const CorrectionRequest wanted = request(std::move(id), when);
    Result<KeptEvent> kept = corrections.find(wanted);
    if (!kept) return fail(kept.error());
    return corrections.apply(wanted, *kept, actor);
  }
  Result<Json> try_replace(std::string id, Fact fact, std::string_view when = kWhen) {
    CorrectionRequest wanted = request(std::move(id));
    Result<KeptEvent> kept = corrections.find(wanted);
    if (!kept) return fail(kept.error());
    wanted.replacement = kept->event;
    wanted.replacement->fact = std::move(fact);
    wanted.replacement->occurred_at = at(when);
    return corrections.apply(wanted, *kept, actor);
  }
  static Error error_of(const Result<Json>& made) {
    if (!made) return made.error();
    ADD_FAILURE() << "was not refused: " << to_text(*made);
    return {};
  }

  Statement statement(std::string_view of) {
    return must(billing.statement(tenant("acme"), period(of)));
  }
  // The cost, such as "0.01".
  std::string cost(std::string_view of) {
    return to_text(to_decimal(*statement(of).rated.cost, rules.currency));
  }
  // The late lines of a statement, such as "api_calls -1 -0.001; …".
  std::string late(std::string_view of = "2026-03") {
    std::string text;
    for (const LateLine& line : statement(of).late) {
      text += (text.empty() ? "" : "; ") + line.meter + " " + to_text(line.quantity.shown()) + " " +
              to_text(to_exact_decimal(line.cost, rules.currency));
    }
    return text;
  }
  void expect_verified(std::string_view of) {
    const Verdict verdict = must(verification.verify(period(of)));
    EXPECT_EQ(verdict.differences_total, 0) << to_text(verdict_json(verdict));
    EXPECT_GT(verdict.reports_checked, 0);
  }
};

}  // namespace metergate
