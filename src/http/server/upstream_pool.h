// UpstreamPool: the connections of one server thread to one upstream. Lends a connection to one
// exchange at a time, keeps those that came back clean, and bounds how many there are and how many
// requests wait for one.
//
// Each holder (shares.h) has a share of the connections, and of the places to wait for one. It may
// have more while a quarter of them stays free for others, so that one alone is not held up and
// nobody can take the last. All strangers together have half.
//
// Lives on its loop's thread. A link keeps its pool alive; one that is not given back is closed.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/net/read_buffer.h"
#include "http/net/task.h"
#include "http/net/tls_session.h"
#include "http/server/upstream.h"
#include "http/words/shares.h"

namespace metergate::http {

class UpstreamPool;

// A holder's turn: one of the pool's connections is its to use, until this goes. The connection
// must go, or go back, before it.
class UpstreamTurn {
 public:
  UpstreamTurn(std::shared_ptr<UpstreamPool> pool, Holder holder)
      : pool_(std::move(pool)), holder_(std::move(holder)) {}
  UpstreamTurn(const UpstreamTurn&) = delete;
  UpstreamTurn& operator=(const UpstreamTurn&) = delete;
  ~UpstreamTurn();

 private:
  std::shared_ptr<UpstreamPool> pool_;
  Holder holder_;
};

// One of the places that bound a pool's connections; freed on destruction.
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
  // Closes it, not in order: the upstream must not take an incomplete request for complete.
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
  // A request that waits; on the list until a turn is granted, or it gives up.
  struct Waiter {
    Holder holder;
    std::function<void()> wake;
    bool is_granted = false;
  };
  using Ticket = std::list<Waiter*>::iterator;

  UpstreamPool(Upstream& upstream, std::size_t connections_max)
      : upstream_(upstream),
        kept_alive_(upstream.weak_from_this().lock()),
        connections_max_(connections_max) {}

  // True if the holder may use a connection now; its turn has then begun.
  bool begin_turn(const Holder& holder);
  // False: too many wait already, of this holder's or at all.
  bool wait(Waiter& waiter, Ticket& ticket);
  void give_up(Ticket ticket);
  // Lets those go on that wait longest and may.
  void end_turn(const Holder& holder);

  // In a turn: a kept connection that is still open and on which nothing came unasked; or null.
  LinkPtr take_kept();
  // In a turn: the place of a new one. One that is kept is closed for it where that is needed.
  void take_place();
  // After a clean exchange.
  void give_back(LinkPtr link, Microseconds now);
  void free_place();
  void drop_old(Microseconds now);
  void close_kept() { kept_.clear(); }

  Upstream& upstream() { return upstream_; }

 private:
  // How many of something all have, strangers together, and each.
  struct Held {
    std::size_t all = 0;
    std::size_t by_strangers = 0;
    std::unordered_map<std::string, std::size_t> by_holder;

    bool may_add(const Holder& holder, std::size_t most) const;
    void add(const Holder& holder);
    void remove(const Holder& holder);
  };

  Upstream& upstream_;
  const std::shared_ptr<Upstream> kept_alive_;  // null if the pool's owner keeps it alive
  const std::size_t connections_max_;
  std::size_t open_ = 0;       // places taken: those of turns, and those that are kept
  std::vector<LinkPtr> kept_;  // the last one used is at the end
  Held turns_;
  Held waits_;
  std::list<Waiter*> waiting_;
};

}  // namespace metergate::http
