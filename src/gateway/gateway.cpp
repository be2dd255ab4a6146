#include "gateway/gateway.h"

#include <utility>

#include "gateway/gateway_admission.h"
#include "gateway/meter_tap.h"
#include "http/problem.h"
#include "service/ingest.h"

namespace metergate::gateway {
namespace {

// Ours, also where we have nothing at the path: a caller that misspells a route of ours is told so.
constexpr std::string_view kProviderPrefix = "/provider/";
constexpr std::string_view kEventsPrefix = "/api/v1/";

// One proxied call, from its head to its record.
class MeteredPassage final : public http::Passage {
 public:
  MeteredPassage(const http::Request& request, UpstreamMatch match, Services& services)
      : request_(request),
        match_(match),
        services_(services),
        started_at_(services.clock.steady()) {}

  Result<> admit() override { return gateway::admit(request_, match_, services_, admission_); }

  http::Upstream& upstream() override { return match_.row->upstream; }

  http::Response failure(const Error& error) override {
    const http::ProblemRow& row = http::row_of(error.code);
    if (row.status >= 500) {
      services_.log.warn("gateway.failed", {{"request_id", request_.request_id},
                                            {"upstream", upstream().options().name},
                                            {"code", row.name},
                                            {"reason", error.message}});
    }
    return http::problem(error, {.now = services_.clock.now(),
                                 .zone = &services_.rules.zone,
                                 .request_id = request_.request_id});
  }

  std::span<const http::Header> answer_fields() const override { return {}; }

  void finish(const http::PassedOutcome& outcome,
              std::move_only_function<void(Result<>)> then) override {
    if (!admission_.metered) return then({});
    const Result<> recorded =
        services_.ingest.record_own(event_of({.request = request_,
                                              .access = *admission_.metered,
                                              .tenant_segment = match_.tenant,
                                              .templates = match_.row->spec.templates,
                                              .outcome = outcome,
                                              .duration = services_.clock.steady() - started_at_,
                                              .now = services_.clock.now()}));
    if (!recorded) return then(recorded);
    services_.store.when_durable(services_.store.head(),
                                 [send = std::move(then)]() mutable { send({}); });
  }

 private:
  const http::Request& request_;
  const UpstreamMatch match_;
  Services& services_;
  const Microseconds started_at_;
  TenantAdmission admission_;
};

}  // namespace

std::unique_ptr<http::Passage> Gateway::pass(const http::Request& head) {
  if (head.path.starts_with(kProviderPrefix) || head.path.starts_with(kEventsPrefix))
    return nullptr;
  const auto match = parts_.table.find(head.header("host").value_or(""), head.path);
  if (!match || parts_.serves(head.path)) return nullptr;
  return std::make_unique<MeteredPassage>(head, *match, parts_.services);
}

}  // namespace metergate::gateway
