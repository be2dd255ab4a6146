#include "http/server/upstream_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace metergate::http {
namespace {

constexpr std::size_t kFreePart = 4;  // of what only those may have who are within their share

// True if there is nothing to read and the connection has not ended: unexpected bytes would be
// taken for the next request's answer.
bool is_quiet(UpstreamLink& link) {
  if (link.tls != nullptr) return link.tls->is_quiet();
  char byte = 0;
  const ssize_t count = ::recv(link.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

UpstreamTurn::~UpstreamTurn() { pool_->end_turn(holder_); }

UpstreamPlace::~UpstreamPlace() {
  if (pool_ != nullptr) pool_->free_place();
}

LinkPtr UpstreamPool::take_kept() {
  while (!kept_.empty()) {
    LinkPtr link = std::move(kept_.back());
    kept_.pop_back();
    if (is_quiet(*link)) return link;
  }
  return nullptr;
}

void UpstreamPool::take_place() {
  if (open_ >= connections_max_) {
    CHECK(!kept_.empty());
    kept_.erase(kept_.begin());
  }
  ++open_;
}

bool UpstreamPool::Held::may_add(const Holder& holder, std::size_t most) const {
  if (all >= most) return false;
  if (holder.standing == Standing::stranger && by_strangers >= std::max<std::size_t>(1, most / 2))
    return false;
  const auto found = by_holder.find(holder.name);
  const std::size_t own = found == by_holder.end() ? 0 : found->second;
  const std::size_t share = std::max<std::size_t>(1, part_of(most, holder.standing));
  return own < share || all < most - most / kFreePart;
}

void UpstreamPool::Held::add(const Holder& holder) {
  ++all;
  if (holder.standing == Standing::stranger) ++by_strangers;
  ++by_holder[holder.name];
}

void UpstreamPool::Held::remove(const Holder& holder) {
  --all;
  if (holder.standing == Standing::stranger) --by_strangers;
  const auto found = by_holder.find(holder.name);
  CHECK(found != by_holder.end());
  if (--found->second == 0) by_holder.erase(found);
}

bool UpstreamPool::begin_turn(const Holder& holder) {
  if (!turns_.may_add(holder, connections_max_)) return false;
  turns_.add(holder);
  return true;
}

bool UpstreamPool::wait(Waiter& waiter, Ticket& ticket) {
  if (!waits_.may_add(waiter.holder, upstream_.options().waiting_max)) return false;
  waits_.add(waiter.holder);
  ticket = waiting_.insert(waiting_.end(), &waiter);
  return true;
}

void UpstreamPool::give_up(Ticket ticket) {
  waits_.remove((*ticket)->holder);
  waiting_.erase(ticket);
}

void UpstreamPool::end_turn(const Holder& holder) {
  turns_.remove(holder);
  const Holder* refused = nullptr;  // who waits often waits several times
  for (auto at = waiting_.begin(); at != waiting_.end() && turns_.all < connections_max_;) {
    Waiter& waiter = **at;
    const bool is_refused = refused != nullptr && refused->name == waiter.holder.name;
    if (is_refused || !begin_turn(waiter.holder)) {
      refused = &waiter.holder;
      ++at;
      continue;
    }
    waits_.remove(waiter.holder);
    at = waiting_.erase(at);
    waiter.is_granted = true;
    waiter.wake();
  }
}

void UpstreamPool::give_back(LinkPtr link, Microseconds now) {
  link->was_used = true;
  link->input.rest();
  link->idle_since = now;
  kept_.push_back(std::move(link));
}

void UpstreamPool::free_place() {
  CHECK(open_ > 0);
  --open_;
}

void UpstreamPool::drop_old(Microseconds now) {
  const auto first_young = std::ranges::find_if(kept_, [&](const LinkPtr& link) {
    return now - link->idle_since < upstream_.options().keep_timeout;
  });
  kept_.erase(kept_.begin(), first_young);
}

}  // namespace metergate::http
