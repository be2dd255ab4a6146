// Turns: heavy requests of one loop are handled one after another, and what else is ready on the
// loop comes between two of them.
//
// A handler runs on the loop's thread, so without this a crowd of large batches would keep every
// small request waiting, and the batches themselves, unread in their sockets, for as long as it
// takes to handle all before them. Who waits here is known: where the first has waited for too long
// no more are let in, and the caller is told at once. On the loop's thread only.
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

  // Whether the first has waited for longer than wait_max.
  bool is_overdue(Microseconds now) const {
    return !waiting_.empty() && now - waiting_.front()->since > wait_max_;
  }
  // At once, where nobody has it; or `waiter` is woken when it is its turn. False: it is overdue.
  bool ask(Waiter& waiter, Microseconds now, Ticket& ticket) {
    if (is_overdue(now)) return false;
    waiter.since = now;
    waiter.has_turn = !std::exchange(is_taken_, true);
    ticket = waiter.has_turn ? waiting_.end() : waiting_.insert(waiting_.end(), &waiter);
    return true;
  }
  // By who waits and goes away.
  void give_up(Ticket ticket) { waiting_.erase(ticket); }
  // Once who had it is done, and others have been let in between.
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
