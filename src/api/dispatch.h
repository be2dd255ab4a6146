// Dispatcher: one request from its route to its answer. Finds the row, admits the caller, calls the
// handler, shapes the answer, meters it, logs it, and lets it go when what it rests on is durable.
//
// The only conductor between the server and the handlers: no handler answers past it. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/admission.h"
#include "api/route_table.h"
#include "http/cors.h"
#include "http/server.h"
#include "service/enforcement.h"

namespace metergate::api {

class Dispatcher final : public http::Handler {
 public:
  // `services` outlives it. Errors as RouteTable::create.
  static Result<std::unique_ptr<Dispatcher>> create(std::vector<Route> routes, Services& services,
                                                    http::CorsRules cors = {});

  bool is_slow(const http::Request& request) const override;
  bool is_login(const http::Request& request) const override;
  // Of the route that answers; a few bytes where none does.
  std::size_t body_bytes_max(const http::Request& head) const override;
  // Looks at the token before the body: without a valid one where one is needed, none is read.
  http::Reception receive(const http::Request& head) override;
  void handle(http::Request request, http::Reply reply) override;
  // Asks the disk once for all answers that wait for it.
  void settle() override;
  http::Response refusal(const Error& error, std::string_view request_id,
                         std::string_view target) override;
  void add_origin_fields(const http::Request& request, http::Response& response) override {
    cors_.add_fields(request, response);
  }
  // Whether a route answers at this path, with whatever method.
  bool serves(std::string_view path) const { return table_.has(path); }

 private:
  // A request on its way: what has been found out about it.
  struct Exchange {
    http::Request request;
    Microseconds started_at{0};
    std::optional<RouteMatch> match;
    Admission admission;
    Enforcement::Admitted call;  // of a tenant's own call
    http::Response response;
    std::int64_t response_bytes = 0;
  };

  // What is answered once the store is durable up to `reflected`.
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
      : table_(std::move(table)), services_(services), cors_(std::move(cors)) {}
  Result<http::Response> answer(Exchange& exchange);
  Result<http::Response> answer_unmatched(Exchange& exchange);
  http::Response shape(Answer answer, const http::Request& request) const;
  http::Response failure(const Error& error, const http::Request& request) const;
  Result<> admit_call(Exchange& exchange);
  Result<> meter(Exchange& exchange);
  UsageEvent event_of(const Exchange& exchange) const;
  void set_response(Exchange& exchange, http::Response response) const;
  void add_standing(const Exchange& exchange, http::Response& response) const;
  void log(const Exchange& exchange) const;
  void note(const Exchange& exchange, const Result<http::Response>& answered);
  void finish(Exchange& exchange, http::Reply reply);
  void let_go(Finished finished) const;

  RouteTable table_;
  Services& services_;
  const http::CorsRules cors_;
  std::mutex mutex_;
  Unsettled unsettled_;
};

}  // namespace metergate::api
