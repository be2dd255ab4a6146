// Resolver: from a host name to its addresses, by the system's own look-up, on threads of its own
// since that one blocks.
//
// As many look-ups run at a time as there are threads; those that wait are bounded, and one too
// many is answered at once. Any thread; the answer comes on one of the resolver's.
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
  // ErrorCode::not_found with the system's reason; overloaded where too many wait. Not called for
  // look-ups that had not begun when it stopped.
  void look_up(std::string host, Then then);
  void stop() { pool_.stop(); }

 private:
  SlowPool pool_;
};

}  // namespace metergate::http
