// UpstreamPool: the connections of one server thread to one upstream. Lends a connection to one
// exchange at a time, keeps those that came back clean, and bounds how many there are and how many
// requests wait for one.
//
// Lives on its loop's thread. A link keeps its pool alive; one that is not given back is closed.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "http/net/read_buffer.h"
#include "http/net/task.h"
#include "http/net/tls_session.h"
#include "http/server/upstream.h"

namespace metergate::http {

class UpstreamPool;

// One of the places that bound a pool's connections; freed when it goes.
class UpstreamPlace {
 public:
  explicit UpstreamPlace(std::shared_ptr<UpstreamPool> pool) : pool_(std::move(pool)) {}
  UpstreamPlace(UpstreamPlace&& other) noexcept = default;
  UpstreamPlace& operator=(UpstreamPlace&& other) = delete;
  ~UpstreamPlace();

 private:
  std::shared_ptr<UpstreamPool> pool_;
};

// A connection to a target, plain or with TLS.
struct UpstreamLink {
  UpstreamLink(UpstreamPlace at, Socket connected, Upstream::Target& to)
      : place(std::move(at)), socket(std::move(connected)), target(to) {}
  // Ends what waits on it. Not in order: the upstream must not take for whole what it has.
  void close() {
    BoostError ignored;
    if (tls != nullptr) tls->forget_socket();
    socket.close(ignored);
  }
  UpstreamPlace place;
  Socket socket;
  std::unique_ptr<TlsSession> tls;  // null: plain
  Upstream::Target& target;
  ReadBuffer input;
  bool was_used = false;  // the upstream may have closed it meanwhile
  Microseconds idle_since{0};
};
using LinkPtr = std::unique_ptr<UpstreamLink>;

class UpstreamPool : public std::enable_shared_from_this<UpstreamPool> {
 public:
  // A request that waits; on the list until something is granted, or it gives up.
  struct Waiter {
    std::function<void()> wake;
    LinkPtr link;                        // granted: a connection
    std::optional<UpstreamPlace> place;  // granted: the place for a new one
    bool is_granted() const { return link != nullptr || place.has_value(); }
  };
  using Ticket = std::list<Waiter*>::iterator;

  UpstreamPool(Upstream& upstream, std::size_t connections_max)
      : upstream_(upstream),
        kept_alive_(upstream.weak_from_this().lock()),
        connections_max_(connections_max) {}

  // A kept connection that is still open and on which nothing came unasked; or null.
  LinkPtr take_kept();
  // Whether a new connection may be opened; if so, its place is taken.
  bool take_place();
  // False: too many wait already.
  bool wait(Waiter& waiter, Ticket& ticket);
  void give_up(Ticket ticket) { waiting_.erase(ticket); }

  // After a clean exchange. Goes to who waits longest, or is kept.
  void give_back(LinkPtr link, Microseconds now);
  void free_place();
  void drop_old(Microseconds now);
  void close_kept() { kept_.clear(); }

  Upstream& upstream() { return upstream_; }

 private:
  Upstream& upstream_;
  const std::shared_ptr<Upstream> kept_alive_;  // null where the pool's owner sees to it
  const std::size_t connections_max_;
  std::size_t open_ = 0;       // places taken
  std::vector<LinkPtr> kept_;  // the one used last at the end
  std::list<Waiter*> waiting_;
};

}  // namespace metergate::http
