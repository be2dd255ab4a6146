// Loop: a server thread's io_context, its connections and those to upstreams, and what is put off
// to the end of a turn: until all that was ready together has been handled.
//
// Everything but posting to `io` is for the loop's own thread. Replies own it too, so that one
// which comes after the server has gone still has something to post to.
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
  std::vector<Connection*> connections;  // each knows its place
  std::vector<std::shared_ptr<UpstreamPool>> pools;
  std::vector<std::shared_ptr<Connection>> to_be_kept;  // their records, at the end of this turn
  bool is_to_settle = false;                            // likewise
  Turns turns;

  ~Loop();
  void add(Connection& connection);
  void remove(Connection& connection);
  // A bounded part of looking for connections whose time is over, from place `next` on; false: all
  // have been looked at. A place that is filled anew meanwhile is looked at the next time.
  bool sweep_some(Microseconds now, std::size_t& next);
  std::shared_ptr<UpstreamPool> pool_of(Upstream& upstream, unsigned loops);
  // Asks the connection's passage to keep its record, together with all of this turn.
  void keep_record(std::shared_ptr<Connection> connection);
  void keep_records();
  // Has the handler settle what it was given in this turn.
  void settle(Handler& handler);
  void sweep(Microseconds now);
};

}  // namespace metergate::http
