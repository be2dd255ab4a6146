// What a connection must share with all others: memory for bodies and answers, and the time of its
// loop.
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "http/connection.h"

namespace metergate::http {
namespace {

constexpr int kReadsAtOnce = 8;  // of at most 64 KiB each

}  // namespace

void Connection::hold(std::size_t bytes) {
  shared_.held_bytes += bytes - std::exchange(held_, bytes);
}

bool Connection::has_room(std::size_t bytes_max) {
  if (shared_.held_bytes <= bytes_max) return true;
  refused_ = {ErrorCode::overloaded, "the server has too much in memory; try again soon", {}};
  return false;
}

// True, with the reason in refused_: those that wait already wait for too long.
bool Connection::refuse_turn() {
  if (!loop_->turns.is_overdue(shared_.clock.steady())) return false;
  refused_ = {ErrorCode::overloaded, "too many large requests are waiting; try again soon", {}};
  return true;
}

Task<bool> Connection::take_turn() {
  Turns::Waiter waiter{.wake = [this] { wake(); }};
  Turns::Ticket ticket;
  if (refuse_turn() || !loop_->turns.ask(waiter, shared_.clock.steady(), ticket)) co_return false;
  while (!waiter.has_turn && !ended_) co_await wake_.wait();
  if (ended_ && waiter.has_turn) pass_turn_on();
  if (ended_ && !waiter.has_turn) loop_->turns.give_up(ticket);
  co_return !ended_;
}

// What has come already of a body, so that it does not have to wait for another round of the loop.
bool Connection::read_now(int times) {
  if (times >= kReadsAtOnce) return false;
  const asio::mutable_buffer room = read_room();
  const ssize_t count = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  if (count <= 0) return false;  // what has gone wrong is seen by who waits for more
  input_.commit(static_cast<std::size_t>(count));
  return true;
}

// Behind all that is ready on the loop by now.
void Connection::pass_turn_on() {
  asio::post(loop_->io, [&turns = loop_->turns] { turns.pass_on(); });
}

}  // namespace metergate::http
