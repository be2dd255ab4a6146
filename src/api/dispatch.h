// Dispatcher: takes one request from its route to its answer. Finds the row, admits the caller,
// calls the handler, shapes the answer, meters and logs it, and sends it once the changes that it
// reports are durable.
//
// The only way from the server to the handlers. Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/admission.h"
#include "api/reference.h"
#include "api/route_table.h"
#include "base/changing.h"
#include "calls/metered_call.h"
#include "http/server/server.h"
#include "http/wire/cors.h"

namespace metergate::api {

class Dispatcher final : public http::Handler {
 public:
  // `services` outlives it. Fails as RouteTable::create.
  static Result<std::unique_ptr<Dispatcher>> create(std::vector<Route> routes, Services& services,
                                                    http::CorsRules cors = {});

  bool is_slow(const http::Request& request) const override;
  bool is_login(const http::Request& request) const override;
  // The limit of the matching route; a few bytes if no route matches.
  std::size_t body_bytes_max(const http::Request& head) const override;
  // Checks the token before the body is read: without a valid token, where one is needed, no body
  // is read.
  http::Reception receive(const http::Request& head) override;
  void handle(http::Request request, http::Reply reply) override;
  // Asks the disk once for all answers that wait for it.
  void settle() override;
  http::Response refusal(const Error& error, std::string_view request_id,
                         std::string_view target) override;
  void add_origin_fields(const http::Request& request, http::Response& response) override {
    cors_.get().add_fields(request, response);
  }
  // For the requests that come from now on.
  void set_cors(http::CorsRules cors) { cors_ = std::move(cors); }
  // True if a route exists at this path, for any method.
  bool serves(std::string_view path) const { return table_.has(path); }

 private:
  // A request under way, and the findings about it.
  struct Exchange {
    http::Request request;
    Microseconds started_at{0};
    std::optional<RouteMatch> match;
    Admission admission;
    calls::MeteredCall call;
    http::Response response;
    std::int64_t response_bytes = 0;
  };

  // An answer to send once the store is durable up to `reflected`.
  struct Finished {
    http::Response response;
    http::Reply reply;
    Microseconds started_at{0};
    bool has_events = false;
  };
  struct Unsettled {
    Sequence reflected = 0;
    std::vector<Finished> finished;
  };

  Dispatcher(RouteTable table, Services& services, http::CorsRules cors)
      : table_(std::move(table)),
        reference_(table_.routes(), services.about.version),
        services_(services),
        cors_(std::move(cors)) {}
  Result<http::Response> answer(Exchange& exchange);
  Result<http::Response> answer_unmatched(Exchange& exchange);
  http::Response shape(Answer answer, const http::Request& request) const;
  http::Response failure(const Error& error, const http::Request& request) const;
  Result<> admit_call(Exchange& exchange);
  Result<> meter(Exchange& exchange);
  ApiCall fact_of(const Exchange& exchange) const;
  void set_response(Exchange& exchange, http::Response response) const;
  void add_standing(const Exchange& exchange, http::Response& response) const;
  void log(const Exchange& exchange) const;
  void note(const Exchange& exchange, const Result<http::Response>& answered);
  void finish(Exchange& exchange, http::Reply reply);
  void let_go(Finished finished) const;

  RouteTable table_;
  Reference reference_;
  Services& services_;
  Changing<http::CorsRules> cors_;
  std::mutex mutex_;
  Unsettled unsettled_;
};

}  // namespace metergate::api
