// A connection's use of shared resources: memory for bodies and answers, and the time of its loop.
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "http/net/acknowledged.h"
#include "http/server/connection.h"

namespace metergate::http {
namespace {

constexpr int kReadsAtOnce = 8;                     // of at most 64 KiB each
constexpr std::int64_t kTurnBodyBytes = 16 * 1024;  // larger ones wait for their turn
constexpr std::size_t kSmallAnswerBytes = 64 * 1024;
constexpr std::int64_t kReadPastBytesMax = 64 * 1024;
constexpr std::int64_t kLeastBytesPerSecond = 1024;

}  // namespace

void Connection::hold(std::size_t bytes) {
  if (bytes == held_) return;
  if (!holder_) holder_ = Holder{remote_ip_, Standing::stranger};
  shared_.shares.change(*holder_, held_, bytes);
  held_ = bytes;
}

// If the holder changes, the bytes held by the previous one are released first.
void Connection::hold_for(Holder holder, std::size_t bytes) {
  hold(0);
  holder_ = std::move(holder);
  hold(bytes);
}

void Connection::find_holder(const Request& head) {
  if (!holder_) holder_ = shared_.handler.receive(head).holder;
}

bool Connection::has_room(const Request& head, std::size_t bytes_max) {
  const bool is_plain =
      held_ == 0 && shared_.shares.held() <= std::min(bytes_max, shared_.shares.usual_max());
  if (is_plain) return true;
  find_holder(head);
  const Room room = shared_.shares.room(*holder_, bytes_max);
  if (room == Room::enough) return true;
  if (room == Room::none) shared_.shares.condemn_worst();
  refused_ = {
      ErrorCode::overloaded,
      room == Room::none
          ? "the server has too much in memory; try again soon"
          : "your other requests and unread answers take all the memory that one caller may "
            "have; read them, and try again",
      {}};
  return false;
}

// The answer to a read may still be refused; the answer to a change is always sent.
bool Connection::has_room_for_answer(const Request& asked, Response& response) {
  const bool is_large = response.body.size() > kSmallAnswerBytes || response.source;
  if (!is_large) return true;
  Holder holder = response.holder.value_or(Holder{remote_ip_, Standing::stranger});
  const bool is_question = asked.method == "GET" || asked.method == "HEAD";
  const Room room = shared_.shares.room(holder, shared_.options.held_bytes_max);
  hold_for(std::move(holder), response.body.size());
  if (!is_question || room == Room::enough) return true;
  if (room == Room::none) shared_.shares.condemn_worst();
  hold(0);
  refused_ = {ErrorCode::overloaded,
              "answers that nobody has read yet take all the memory that one caller may have; read "
              "them, and ask again",
              {}};
  return false;
}

// If the body is not kept, refused_ has the reason. A small body is read nevertheless, so that its
// connection can be used again.
Connection::BodyFate Connection::fate_of_body(const Request& head) {
  const Framing& framing = parser_.framing();
  if (!framing.is_chunked && framing.content_length == 0) return BodyFate::kept;
  Reception reception = shared_.handler.receive(head);
  holder_ = std::move(reception.holder);
  known_caller_ = std::move(reception.known_caller);
  if (reception.refusal) {
    refused_ = *std::move(reception.refusal);
    const bool is_small = !framing.is_chunked && framing.content_length <= kReadPastBytesMax;
    return is_small ? BodyFate::read_past : BodyFate::refused;
  }
  const bool is_heavy = framing.content_length > kTurnBodyBytes;
  return is_heavy && refuse_turn() ? BodyFate::read_past : BodyFate::kept;
}

bool Connection::is_read_too_slowly(Microseconds now) {
  if (!write_deadline_ || now < *write_deadline_) return false;
  const std::int64_t taken = acknowledged_bytes(socket_.native_handle()) - acknowledged_before_;
  write_deadline_ = write_started_ + shared_.options.write_timeout +
                    Microseconds{taken * 1'000'000 / kLeastBytesPerSecond};
  return now >= *write_deadline_;
}

// True, with the reason in refused_, if the waiting requests already wait too long.
bool Connection::refuse_turn() {
  if (!loop_->turns.is_overdue(shared_.clock.steady())) return false;
  refused_ = {ErrorCode::overloaded, "too many large requests are waiting; try again soon", {}};
  return true;
}

Task<bool> Connection::take_turn() {
  Turns::Waiter waiter{.wake = [this] { wake(); }};
  Turns::Ticket ticket;
  known_caller_.reset();
  if (refuse_turn() || !loop_->turns.ask(waiter, shared_.clock.steady(), ticket)) co_return false;
  while (!waiter.has_turn && !ended_) co_await wake_.wait();
  if (ended_ && waiter.has_turn) pass_turn_on();
  if (ended_ && !waiter.has_turn) loop_->turns.give_up(ticket);
  co_return !ended_;
}

// Reads the bytes of a body that have arrived, without waiting for another round of the loop.
bool Connection::read_now(int times) {
  if (times >= kReadsAtOnce) return false;
  const asio::mutable_buffer room = read_room();
  const ssize_t count = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  if (count <= 0) return false;  // the next waiting read reports the fault
  input_.commit(static_cast<std::size_t>(count));
  return true;
}

// After everything that is ready on the loop now.
void Connection::pass_turn_on() {
  asio::post(loop_->io, [&turns = loop_->turns] { turns.pass_on(); });
}

}  // namespace metergate::http
