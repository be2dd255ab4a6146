#include "http/server/upstream_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace metergate::http {
namespace {

// Nothing to read and not ended: what came unasked would be taken for the next request's answer.
bool is_quiet(UpstreamLink& link) {
  if (link.tls != nullptr) return link.tls->is_quiet();
  char byte = 0;
  const ssize_t count = ::recv(link.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

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

bool UpstreamPool::take_place() {
  if (open_ >= connections_max_) return false;
  ++open_;
  return true;
}

bool UpstreamPool::wait(Waiter& waiter, Ticket& ticket) {
  if (waiting_.size() >= upstream_.options().waiting_max) return false;
  ticket = waiting_.insert(waiting_.end(), &waiter);
  return true;
}

void UpstreamPool::give_back(LinkPtr link, Microseconds now) {
  link->was_used = true;
  link->input.rest();
  if (waiting_.empty()) {
    link->idle_since = now;
    kept_.push_back(std::move(link));
    return;
  }
  Waiter& first = *waiting_.front();
  waiting_.pop_front();
  first.link = std::move(link);
  first.wake();
}

void UpstreamPool::free_place() {
  CHECK(open_ > 0);
  if (waiting_.empty()) {
    --open_;
    return;
  }
  Waiter& first = *waiting_.front();
  waiting_.pop_front();
  first.place.emplace(shared_from_this());
  first.wake();
}

void UpstreamPool::drop_old(Microseconds now) {
  const auto first_young = std::ranges::find_if(kept_, [&](const LinkPtr& link) {
    return now - link->idle_since < upstream_.options().keep_timeout;
  });
  kept_.erase(kept_.begin(), first_young);
}

}  // namespace metergate::http
