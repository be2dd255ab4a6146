#include "gateway/gateway.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/gateway_admission.h"
#include "gateway/meter_tap.h"
#include "http/late_number.h"
#include "http/problem.h"
#include "http/rate_limit.h"
#include "service/enforcement.h"

namespace metergate::gateway {
namespace {

// Ours, also where we have nothing at the path: a caller that misspells a route of ours is told so.
constexpr std::string_view kProviderPrefix = "/provider/";
constexpr std::string_view kEventsPrefix = "/api/v1/";
constexpr std::size_t kFieldsMax = 3;  // of ours in an answer

// One proxied call, from its head to its record.
class MeteredPassage final : public http::Passage {
 public:
  MeteredPassage(const http::Request& request, UpstreamMatch match, const Gateway::Parts& parts)
      : request_(request),
        match_(match),
        services_(parts.services),
        durability_(parts.durability),
        started_at_(services_.clock.steady()) {}

  // A tenant's own calls are held against its limit before anything is done for them.
  Result<> admit() override {
    TRY(gateway::admit(request_, match_, services_, admission_));
    // What the upstream does cannot be undone: so it is not asked where the call cannot be kept.
    TRY(services_.ingest.admits_own());
    fields_.reserve(kFieldsMax);
    fields_.emplace_back(http::kUsageSequence, http::room_for(services_.store.head()));
    if (admission_.metered->is_provider()) return {};
    call_ = TRY(services_.enforcement.admit_call(*admission_.record));
    add_standing();
    if (call_.refusal) return fail(*call_.refusal);
    return {};
  }

  http::Upstream& upstream() override { return match_.row->upstream; }

  http::Response failure(const Error& error) override {
    const http::ProblemRow& row = http::row_of(error.code);
    if (row.status >= 500) {
      services_.log.warn("gateway.failed", {{"request_id", request_.request_id},
                                            {"upstream", upstream().options().name},
                                            {"code", row.name},
                                            {"reason", error.message}});
    }
    http::Response response = http::problem(error, {.now = services_.clock.now(),
                                                    .zone = &services_.rules.zone,
                                                    .request_id = request_.request_id});
    std::ranges::copy(fields_, std::back_inserter(response.headers));
    return response;
  }

  std::span<const http::Header> answer_fields() const override { return fields_; }

  void complete_head(std::string& head) override {
    http::fill_room_in_head(head, services_.store.head());
  }

  Result<> finish(const http::PassedOutcome& outcome) override {
    if (!admission_.metered) return {};
    UsageEvent event = event_of(call_of(outcome));
    if (admission_.is_suspended) event.billable = false;
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
  MeteredCall call_of(const http::PassedOutcome& outcome) const {
    return {.request = request_,
            .access = *admission_.metered,
            .tenant_segment = match_.tenant,
            .templates = match_.row->spec.templates,
            .outcome = outcome,
            .duration = services_.clock.steady() - started_at_,
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

  const http::Request& request_;
  const UpstreamMatch match_;
  Services& services_;
  const Durability durability_;
  const Microseconds started_at_;
  TenantAdmission admission_;
  Enforcement::Admitted call_;  // of a tenant's own call
  std::vector<http::Header> fields_;
  Sequence recorded_ = 0;  // 0: nothing
};

}  // namespace

std::unique_ptr<http::Passage> Gateway::pass(const http::Request& head) {
  if (head.path.starts_with(kProviderPrefix) || head.path.starts_with(kEventsPrefix))
    return nullptr;
  const auto match = parts_.table.find(head.header("host").value_or(""), head.path);
  if (!match || parts_.serves(head.path)) return nullptr;
  return std::make_unique<MeteredPassage>(head, *match, parts_);
}

}  // namespace metergate::gateway
