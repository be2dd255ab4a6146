// Turns: heavy requests of one loop are handled one at a time, with other ready work of the loop
// between two of them.
//
// Handlers run on the loop's thread, so without turns a crowd of large batches would delay every
// small request, and the batches themselves would wait unread in their sockets for all before them.
// Here the waiting requests are known: once the first has waited too long, no more are admitted,
// and their callers are told at once. On the loop's thread only.
#pragma once

#include <functional>
#include <list>
#include <utility>

#include "base/time.h"

namespace metergate::http {

class Turns {
 public:
  struct Waiter {
    std::function<void()> wake;
    Microseconds since{0};
    bool has_turn = false;
  };
  using Ticket = std::list<Waiter*>::iterator;

  explicit Turns(Microseconds wait_max) : wait_max_(wait_max) {}

  // True if the first has waited for longer than wait_max.
  bool is_overdue(Microseconds now) const {
    return !waiting_.empty() && now - waiting_.front()->since > wait_max_;
  }
  // Takes the turn at once if it is free; otherwise `waiter` is woken when its turn comes. False if
  // it is overdue.
  bool ask(Waiter& waiter, Microseconds now, Ticket& ticket) {
    if (is_overdue(now)) return false;
    waiter.since = now;
    waiter.has_turn = !std::exchange(is_taken_, true);
    ticket = waiter.has_turn ? waiting_.end() : waiting_.insert(waiting_.end(), &waiter);
    return true;
  }
  // Called by a waiter that gives up.
  void give_up(Ticket ticket) { waiting_.erase(ticket); }
  // Passes the turn on, after other work has been let in between.
  void pass_on() {
    is_taken_ = !waiting_.empty();
    if (!is_taken_) return;
    Waiter& first = *waiting_.front();
    waiting_.pop_front();
    first.has_turn = true;
    first.wake();
  }

 private:
  const Microseconds wait_max_;
  std::list<Waiter*> waiting_;
  bool is_taken_ = false;
};

}  // namespace metergate::http
