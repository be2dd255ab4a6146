#include "service/event_shapes.h"

namespace metergate {
namespace {

Decimal milliseconds(Microseconds duration) { return trimmed({duration.count(), 3}); }

void set_text(Json& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object.set(name, text);
}

struct FactShape {
  Json operator()(const ApiCall& call) const {
    Json data = Json::object({{"method", call.method},
                              {"endpoint", call.endpoint},
                              {"status", call.status},
                              {"request_bytes", call.request_bytes},
                              {"response_bytes", call.response_bytes},
                              {"duration_ms", milliseconds(call.duration)}});
    set_text(data, "path", call.path);
    set_text(data, "ip", call.ip);
    set_text(data, "store_id", call.store_id);
    set_text(data, "device_id", call.device_id);
    return data;
  }
  Json operator()(const WebhookCall& call) const {
    Json data = Json::object({{"webhook_id", call.webhook_id},
                              {"success", call.success},
                              {"duration_ms", milliseconds(call.duration)}});
    if (call.status != 0) data.set("status", call.status);
    return data;
  }
  Json operator()(const StorageReport& report) const {
    return Json::object({{"bytes", report.bytes}});
  }
  Json operator()(const CountReport& report) const {
    return report.count ? Json::object({{"count", *report.count}}) : Json::object();
  }
  Json operator()(const OtherFact& fact) const {
    Result<Json> data = parse_json(fact.data);
    return data ? *std::move(data) : Json();
  }
};

}  // namespace

Json event_json(const UsageEvent& event) {
  return Json::object({{"source", event.source},
                       {"id", event.id},
                       {"type", type_of(event.fact)},
                       {"time", event.occurred_at},
                       {"data", std::visit(FactShape{}, event.fact)}});
}

}  // namespace metergate
