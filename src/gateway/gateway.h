// Gateway: proxies requests that Metergate does not serve itself. The only conductor of a proxied
// call: finds its upstream, admits its caller, and records it once, whatever its outcome.
//
// Precedes the handler of our own routes and hands it all other requests. Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/changing.h"
#include "gateway/new_tenants.h"
#include "gateway/open_rate.h"
#include "gateway/upstream_table.h"
#include "http/server/server.h"
#include "http/wire/cors.h"
#include "service/wiring/services.h"

namespace metergate::gateway {

// The moment at which the end of an answer is sent: once its record is on disk (strict), or once
// the kernel has it (fast), which survives the death of this process but not of the machine.
enum class Durability : std::uint8_t { fast, strict };

class Gateway final : public http::Handler {
 public:
  struct Parts {
    http::Handler& own;
    // True if one of our own routes answers at this path.
    std::function<bool(std::string_view path)> serves;
    CurrentTable& tables;
    Services& services;
    Changing<Durability> durability = Durability::fast;
    Changing<http::CorsRules> cors{};   // for answers of our own
    NewTenants* new_tenants = nullptr;  // null: an unknown tenant is refused
  };
  explicit Gateway(Parts parts) : parts_(std::move(parts)) {}

  bool is_slow(const http::Request& request) const override { return parts_.own.is_slow(request); }
  bool is_login(const http::Request& request) const override {
    return parts_.own.is_login(request);
  }

  std::size_t body_bytes_max(const http::Request& head) const override {
    return parts_.own.body_bytes_max(head);
  }
  std::unique_ptr<http::Passage> pass(const http::Request& head) override;
  void handle(http::Request request, http::Reply reply) override {
    parts_.own.handle(std::move(request), std::move(reply));
  }
  http::Reception receive(const http::Request& head) override { return parts_.own.receive(head); }
  void settle() override { parts_.own.settle(); }
  http::Response refusal(const Error& error, std::string_view request_id,
                         std::string_view target) override {
    return parts_.own.refusal(error, request_id, target);
  }
  void add_origin_fields(const http::Request& request, http::Response& response) override {
    parts_.own.add_origin_fields(request, response);
  }
  // For the requests that come from now on.
  void set_cors(http::CorsRules cors) { parts_.cors = std::move(cors); }
  void set_durability(Durability durability) { parts_.durability = durability; }

 private:
  Parts parts_;
  OpenRate open_rate_;
};

}  // namespace metergate::gateway
