// The server's own state: for people (/health) and for monitoring (/healthz, /readyz).
#include "api/routes.h"
#include "service/metering/ingest.h"

namespace metergate::api {
namespace {

Answer text_answer(std::string text, int status) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = std::move(text);
  Answer answer;
  answer.whole = std::move(response);
  return answer;
}

Json store_json(const StoreFigures& figures) {
  return Json::object({{"accepts_writes", figures.accepts_writes},
                       {"head", static_cast<std::int64_t>(figures.head)},
                       {"durable", static_cast<std::int64_t>(figures.durable)},
                       {"checkpointed", static_cast<std::int64_t>(figures.checkpointed)},
                       {"events_kept", figures.events_kept},
                       {"journal_bytes", figures.journal_bytes},
                       {"disk_free_bytes", figures.disk_free_bytes}});
}

Json clock_json(const Clock& clock) {
  const std::optional<ClockDoubt> doubt = clock.doubt();
  Json json = Json::object({{"agrees", !doubt.has_value()}, {"now", clock.now()}});
  if (doubt) json.set("settled_now", doubt->settled_now);
  return json;
}

Result<Answer> show_health(Call& call) {
  const Services& services = call.services;
  const StoreFigures figures = services.store.figures();
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(services.clock.steady() -
                                                                       services.about.started_at);
  return answer_of(Json::object({{"status", figures.accepts_writes ? "ok" : "degraded"},
                                 {"version", services.about.version},
                                 {"engine", services.about.engine},
                                 {"uptime_seconds", std::int64_t{uptime.count()}},
                                 {"clock", clock_json(services.clock)},
                                 {"store", store_json(figures)}}));
}

// Answers while the process runs, without asking any other part.
Result<Answer> show_alive(Call&) { return text_answer("ok\n", 200); }

// The times of the clocks, if they do not agree.
std::string doubt_text(const ClockDoubt& doubt) {
  return "the clock is doubted: it shows " + to_text(doubt.now) +
         ", by the time that has gone by and by the events that come it is about " +
         to_text(doubt.settled_now) + "; periods are closed by the latter\n";
}

Result<Answer> show_ready(Call& call) {
  const Services& services = call.services;
  if (!services.store.figures().accepts_writes)
    return text_answer("the store takes no writes\n", 503);
  const std::optional<ClockDoubt> doubt = services.clock.doubt();
  return text_answer(doubt ? "ok\n" + doubt_text(*doubt) : "ok\n", 200);
}

}  // namespace

std::vector<Route> system_routes() {
  const Access open = open_to_everybody();
  std::vector<Route> routes = {
      {"GET", "/health", open, show_health, {}, false, "Show the server's state"},
      {"GET", "/healthz", open, show_alive, {}, false, "Say whether the process runs"},
      {"GET", "/readyz", open, show_ready, {}, false, "Say whether requests can be served"},
  };
  for (Route& route : routes) route.is_vital = true;
  return routes;
}

}  // namespace metergate::api
