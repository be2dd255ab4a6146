// Gateway: passes on what Metergate does not serve itself. The only conductor of a proxied call:
// finds its upstream, admits its caller, and records it once, whatever became of it.
//
// Stands in front of the handler of our own routes and hands it all that is not its business. Any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/upstream_table.h"
#include "http/server.h"
#include "service/services.h"

namespace metergate::gateway {

// When the end of an answer goes out: once its record is on disk (strict), or once the kernel has
// it (fast), which survives the death of this process but not that of the machine.
enum class Durability : std::uint8_t { fast, strict };

class Gateway final : public http::Handler {
 public:
  struct Parts {
    http::Handler& own;
    // Whether our own routes answer at this path.
    std::function<bool(std::string_view path)> serves;
    UpstreamTable& table;
    Services& services;
    Durability durability = Durability::fast;
  };
  explicit Gateway(Parts parts) : parts_(std::move(parts)) {}

  bool is_slow(const http::Request& request) const override { return parts_.own.is_slow(request); }
  bool is_login(const http::Request& request) const override {
    return parts_.own.is_login(request);
  }
  std::unique_ptr<http::Passage> pass(const http::Request& head) override;
  void handle(http::Request request, http::Reply reply) override {
    parts_.own.handle(std::move(request), std::move(reply));
  }
  void settle() override { parts_.own.settle(); }
  http::Response refusal(const Error& error, std::string_view request_id,
                         std::string_view target) override {
    return parts_.own.refusal(error, request_id, target);
  }

 private:
  const Parts parts_;
};

}  // namespace metergate::gateway
