#include "gateway/gateway.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "calls/metered_call.h"
#include "domain/own_paths.h"
#include "gateway/gateway_admission.h"
#include "gateway/meter_tap.h"
#include "http/words/late_number.h"
#include "http/words/path_readings.h"
#include "http/words/problem.h"
#include "service/access/login_guard.h"
#include "service/upkeep/telemetry.h"

namespace metergate::gateway {
namespace {

constexpr std::size_t kFieldsMax = 3;  // fields that we add to an answer

// The match of a path that belongs to no upstream as written, but to one in another reading. Such a
// path is refused as ambiguous instead of answered with 404.
std::optional<UpstreamMatch> match_of_a_reading(UpstreamTable& table, const http::Request& head) {
  const auto readings = http::readings_of(head.path);
  if (!readings) return std::nullopt;
  for (const std::string& reading : *readings) {
    auto match =
        reading.starts_with('/') ? table.find_in_any_case(head.host, reading) : std::nullopt;
    if (!match) continue;
    match->tenant = {};  // it refers to the reading, which is about to go
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

// A request to an upstream, which keeps the table alive that chose its upstream.
class LedPassage : public http::Passage {
 public:
  LedPassage(const Gateway::Parts& parts, OpenRate& open_rate, std::shared_ptr<UpstreamTable> table,
             const Routed& routed)
      : table_(std::move(table)),
        parts_(parts),
        open_rate_(open_rate),
        routed_(routed),
        started_at_(parts.services.clock.steady()) {}

  http::Upstream& upstream() override { return *routed_.match.row->upstream; }
  http::Vetting vetting() const override {
    return routed_.open == nullptr ? http::Vetting::admitted : http::Vetting::open;
  }

  // A caller without a token is known by its address alone.
  http::Holder holder() const override {
    return {LoginGuard::address_group(routed_.request.remote_ip), http::Standing::stranger};
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
    parts_.cors.get().add_fields(request, response);
    return response;
  }

 protected:
  // Limits the requests without a token from one address.
  Result<> check_rate() {
    const UpstreamSpec& spec = routed_.match.row->spec;
    return open_rate_.take({spec.options.name, routed_.request.remote_ip}, spec.open_rate,
                           parts_.services.clock.steady());
  }
  Microseconds duration() const { return parts_.services.clock.steady() - started_at_; }

  const std::shared_ptr<UpstreamTable> table_;
  const Gateway::Parts& parts_;
  OpenRate& open_rate_;
  const Routed routed_;
  const Microseconds started_at_;
};

// A request without a token or caller: a preflight, or an open path.
class UnmeteredPassage final : public LedPassage {
 public:
  using LedPassage::LedPassage;
  Result<> admit() override {
    TRY(check_rate());
    return check_meaning(routed_);
  }
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
  MeteredPassage(const Gateway::Parts& parts, OpenRate& open_rate,
                 std::shared_ptr<UpstreamTable> table, const Routed& routed)
      : LedPassage(parts, open_rate, std::move(table), routed),
        services_(parts.services),
        durability_(parts.durability) {}

  http::Holder holder() const override {
    const auto& metered = admission_.tenant.metered;
    if (routed_.open != nullptr || !metered) return LedPassage::holder();
    if (metered->is_provider()) return {"provider " + admission_.caller, http::Standing::provider};
    return {"tenant " + metered->tenant().text(), http::Standing::tenant};
  }

  // A tenant's own call is checked against its limits before anything is done for it.
  Result<> admit() override {
    if (routed_.open != nullptr) TRY(check_rate());
    TRY(gateway::admit(routed_, services_, parts_.new_tenants, admission_));
    Result<> admitted = call_.admit(admission_.tenant);
    fields_.reserve(kFieldsMax);
    fields_.emplace_back(http::kUsageSequence, http::room_for(services_.store.head()));
    call_.append_standing(fields_);
    return admitted;
  }

  std::span<const http::Header> answer_fields() const override { return fields_; }

  void complete_head(std::string& head) override {
    http::fill_room_in_head(head, services_.store.head());
  }

  Result<> finish(const http::PassedOutcome& outcome) override {
    const Microseconds taken = duration();
    tally(services_.telemetry, outcome, taken);
    if (!admission_.tenant.metered) return {};
    TRY(call_.record(admission_.tenant, fact_of(passed(outcome, taken)), is_billable(outcome)));
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
  PassedCall passed(const http::PassedOutcome& outcome, Microseconds taken) const {
    return {.request = routed_.request,
            .tenant_segment = routed_.match.tenant,
            .templates = routed_.match.row->spec.templates,
            .outcome = outcome,
            .duration = taken,
            .caller = admission_.caller};
  }

  Services& services_;
  const Durability durability_;
  GatewayAdmission admission_;
  calls::MeteredCall call_{services_};
  std::vector<http::Header> fields_;
  Sequence recorded_ = 0;  // 0: nothing
};

}  // namespace

std::unique_ptr<http::Passage> Gateway::pass(const http::Request& head) {
  // Paths reserved for our own routes, so that a misspelt one of them is answered as such.
  if (head.path.starts_with(kProviderPaths) || head.path.starts_with(kEventPaths)) return nullptr;
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
    return std::make_unique<UnmeteredPassage>(parts_, open_rate_, table, routed);
  return std::make_unique<MeteredPassage>(parts_, open_rate_, table, routed);
}

}  // namespace metergate::gateway
