#include "gateway/gateway.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/gateway_admission.h"
#include "gateway/meter_tap.h"
#include "http/late_number.h"
#include "http/path_readings.h"
#include "http/problem.h"
#include "http/rate_limit.h"
#include "service/enforcement.h"
#include "service/telemetry.h"

namespace metergate::gateway {
namespace {

// Ours, also where we have nothing at the path: a caller that misspells a route of ours is told so.
constexpr std::string_view kProviderPrefix = "/provider/";
constexpr std::string_view kEventsPrefix = "/api/v1/";
constexpr std::size_t kFieldsMax = 3;  // of ours in an answer

// Of a path that is no upstream's as it stands, but may be read as one: it is refused like others
// that have two meanings, not told that there is nothing.
std::optional<UpstreamMatch> match_of_a_reading(UpstreamTable& table, const http::Request& head) {
  const auto readings = http::readings_of(head.path);
  if (!readings) return std::nullopt;
  for (const std::string& reading : *readings) {
    auto match =
        reading.starts_with('/') ? table.find_in_any_case(head.host, reading) : std::nullopt;
    if (!match) continue;
    match->tenant = {};  // it lies in the reading, which goes
    return match;
  }
  return std::nullopt;
}

Telemetry::AnsweredBy answered_by(const http::PassedOutcome& outcome) {
  using By = http::PassedOutcome::AnsweredBy;
  switch (outcome.by) {
    case By::upstream:
      return Telemetry::AnsweredBy::upstream;
    case By::gateway:
      return Telemetry::AnsweredBy::gateway;
    case By::nobody:
      break;
  }
  return Telemetry::AnsweredBy::nobody;
}

void tally(Telemetry& telemetry, const http::PassedOutcome& outcome, Microseconds duration) {
  const auto by = static_cast<std::size_t>(answered_by(outcome));
  telemetry.gateway_answers[by].add(outcome.status);
  telemetry.gateway_durations.add(duration);
  telemetry.gateway_bytes_in.add(outcome.request_bytes);
  telemetry.gateway_bytes_out.add(outcome.response_bytes);
}

// A request that goes to an upstream, and holds on to the table by which it was led there.
class LedPassage : public http::Passage {
 public:
  LedPassage(const Gateway::Parts& parts, std::shared_ptr<UpstreamTable> table,
             const Routed& routed)
      : table_(std::move(table)),
        parts_(parts),
        routed_(routed),
        started_at_(parts.services.clock.steady()) {}

  http::Upstream& upstream() override { return *routed_.match.row->upstream; }
  http::Vetting vetting() const override {
    return routed_.open == nullptr ? http::Vetting::admitted : http::Vetting::open;
  }

  http::Response failure(const Error& error) override {
    const Services& services = parts_.services;
    const http::Request& request = routed_.request;
    const http::ProblemRow& row = http::row_of(error.code);
    if (row.status >= 500) {
      services.log.warn("gateway.failed", {{"request_id", request.request_id},
                                           {"upstream", upstream().options().name},
                                           {"code", row.name},
                                           {"reason", error.message}});
    }
    http::Response response = http::problem(error, {.now = services.clock.now(),
                                                    .zone = &services.rules.zone,
                                                    .request_id = request.request_id});
    std::ranges::copy(answer_fields(), std::back_inserter(response.headers));
    parts_.cors.add_fields(request, response);
    return response;
  }

 protected:
  Microseconds duration() const { return parts_.services.clock.steady() - started_at_; }

  const std::shared_ptr<UpstreamTable> table_;
  const Gateway::Parts& parts_;
  const Routed routed_;
  const Microseconds started_at_;
};

// What carries no token and is nobody's call: a preflight, or a path that is open to all.
class UnmeteredPassage final : public LedPassage {
 public:
  using LedPassage::LedPassage;
  Result<> admit() override { return check_meaning(routed_); }
  http::Vetting vetting() const override {
    return http::is_preflight(routed_.request) ? http::Vetting::preflight : http::Vetting::open;
  }
  std::span<const http::Header> answer_fields() const override { return {}; }
  void complete_head(std::string&) override {}
  Result<> finish(const http::PassedOutcome& outcome) override {
    tally(parts_.services.telemetry, outcome, duration());
    return {};
  }
  void when_kept(std::move_only_function<void()> then) override { then(); }
};

// One proxied call, from its head to its record.
class MeteredPassage final : public LedPassage {
 public:
  MeteredPassage(const Gateway::Parts& parts, std::shared_ptr<UpstreamTable> table,
                 const Routed& routed)
      : LedPassage(parts, std::move(table), routed),
        services_(parts.services),
        durability_(parts.durability) {}

  // A tenant's own calls are held against its limit before anything is done for them.
  Result<> admit() override {
    TRY(gateway::admit(routed_, services_, parts_.new_tenants, admission_));
    // What the upstream does cannot be undone: so it is not asked where the call cannot be kept.
    TRY(services_.ingest.admits_own());
    fields_.reserve(kFieldsMax);
    fields_.emplace_back(http::kUsageSequence, http::room_for(services_.store.head()));
    if (admission_.tenant.metered->is_provider()) return {};
    call_ = TRY(services_.enforcement.admit_call(*admission_.tenant.record));
    add_standing();
    if (call_.refusal) return fail(*call_.refusal);
    return {};
  }

  std::span<const http::Header> answer_fields() const override { return fields_; }

  void complete_head(std::string& head) override {
    http::fill_room_in_head(head, services_.store.head());
  }

  Result<> finish(const http::PassedOutcome& outcome) override {
    const Microseconds taken = duration();
    tally(services_.telemetry, outcome, taken);
    if (!admission_.tenant.metered) return {};
    UsageEvent event = event_of(call_of(outcome, taken));
    if (admission_.tenant.is_suspended) event.billable = false;
    TRY(services_.enforcement.record(std::move(event), std::move(call_.place)));
    recorded_ = services_.store.head();
    return {};
  }

  void when_kept(std::move_only_function<void()> then) override {
    if (durability_ == Durability::strict) {
      services_.store.when_durable(recorded_, std::move(then));
    } else {
      services_.store.when_written(recorded_, std::move(then));
    }
  }

 private:
  MeteredCall call_of(const http::PassedOutcome& outcome, Microseconds taken) const {
    return {.request = routed_.request,
            .access = *admission_.tenant.metered,
            .tenant_segment = routed_.match.tenant,
            .templates = routed_.match.row->spec.templates,
            .outcome = outcome,
            .duration = taken,
            .now = services_.clock.now()};
  }

  void add_standing() {
    const auto& standing = call_.standing;
    if (!standing || !standing->limit) return;
    http::append_rate_limit({.name = row_of(Meter::api_calls).name,
                             .quota = *standing->limit,
                             .remaining = standing->remaining(),
                             .window = standing->window,
                             .resets_in = standing->resets_in},
                            fields_);
  }

  Services& services_;
  const Durability durability_;
  GatewayAdmission admission_;
  Enforcement::Admitted call_;  // of a tenant's own call
  std::vector<http::Header> fields_;
  Sequence recorded_ = 0;  // 0: nothing
};

}  // namespace

std::unique_ptr<http::Passage> Gateway::pass(const http::Request& head) {
  if (head.path.starts_with(kProviderPrefix) || head.path.starts_with(kEventsPrefix))
    return nullptr;
  const std::shared_ptr<UpstreamTable> table = parts_.tables.get();
  if (parts_.serves(head.path)) return nullptr;
  auto match = table->find(head.host, head.path);
  if (!match) match = match_of_a_reading(*table, head);
  if (!match) return nullptr;
  const std::vector<OpenPath>& paths = match->row->spec.open;
  const auto open = std::ranges::find_if(
      paths, [&](const OpenPath& path) { return path.takes(head.method, head.path); });
  const Routed routed{.request = head,
                      .table = *table,
                      .match = *match,
                      .open = open == paths.end() ? nullptr : &*open};
  const bool is_metered = routed.open == nullptr || routed.open->tenant;
  if (http::is_preflight(head) || !is_metered)
    return std::make_unique<UnmeteredPassage>(parts_, table, routed);
  return std::make_unique<MeteredPassage>(parts_, table, routed);
}

}  // namespace metergate::gateway
