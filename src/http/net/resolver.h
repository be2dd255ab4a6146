// Resolver: looks up the addresses of a host name with the system's resolver, on threads of its
// own, since that one blocks.
//
// As many look-ups run at a time as there are threads; the number of waiting ones is bounded, and
// one too many fails at once. Any thread may ask; the answer comes on one of the resolver's
// threads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/net/address_rule.h"
#include "http/net/slow_pool.h"

namespace metergate::http {

class Resolver {
 public:
  using Answer = Result<std::vector<IpAddress>>;
  using Then = std::move_only_function<void(Answer)>;

  Resolver();
  // ErrorCode::not_found with the system's reason; overloaded if too many wait. `then` is not
  // called for look-ups that had not begun when it stopped.
  void look_up(std::string host, Then then);
  void stop() { pool_.stop(); }

 private:
  SlowPool pool_;
};

}  // namespace metergate::http
