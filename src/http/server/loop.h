// Loop: a server thread's io_context, its connections and those to upstreams, and work put off to
// the end of a turn, when everything that was ready together has been handled.
//
// Except for posting to `io`, for the loop's own thread only. Replies own it too, so that one that
// comes after the server has gone can still post.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "http/net/task.h"
#include "http/net/turns.h"
#include "http/server/server.h"
#include "http/server/upstream_pool.h"

namespace metergate::http {

class Connection;

struct Loop {
  explicit Loop(Microseconds turn_wait_max) : turns(turn_wait_max) {}
  asio::io_context io{1};
  std::vector<Connection*> connections;  // each knows its index
  std::vector<std::shared_ptr<UpstreamPool>> pools;
  std::vector<std::shared_ptr<Connection>> to_be_kept;  // their records, at the end of this turn
  bool is_to_settle = false;                            // at the end of this turn
  Turns turns;

  ~Loop();
  void add(Connection& connection);
  void remove(Connection& connection);
  // A bounded part of the search for expired connections, from index `next` on; false once all have
  // been checked. An index that is reused meanwhile is checked next time.
  bool sweep_some(Microseconds now, std::size_t& next);
  std::shared_ptr<UpstreamPool> pool_of(Upstream& upstream, unsigned loops);
  // Asks the connection's passage to keep its record, together with all others of this turn.
  void keep_record(std::shared_ptr<Connection> connection);
  void keep_records();
  // Has the handler settle the requests of this turn.
  void settle(Handler& handler);
  void sweep(Microseconds now);
};

}  // namespace metergate::http
