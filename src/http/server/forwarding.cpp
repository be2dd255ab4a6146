#include "http/server/forwarding.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace metergate::http {
namespace {

constexpr Microseconds kLookEvery = std::chrono::seconds{1};

// The callback that a Passage calls when its record is kept: once, from any thread.
class OneRecord {
 public:
  OneRecord(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection,
            std::uint64_t exchange)
      : loop_(std::move(loop)), connection_(std::move(connection)), exchange_(exchange) {}

  void operator()() {
    asio::dispatch(loop_->io, [connection = std::move(connection_), exchange = exchange_] {
      if (const auto alive = connection.lock()) alive->recorded(exchange);
    });
  }

 private:
  std::shared_ptr<Loop> loop_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;
};

// True if the caller has ended the connection, or it broke.
bool is_gone(Socket& socket) {
  char byte = 0;
  const ssize_t count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace

Forwarding::Forwarding(Connection& connection, Request& request, Passage& passage)
    : connection_(connection),
      request_(request),
      passage_(passage),
      options_(passage.upstream().options()),
      wants_websocket_(asks_for_websocket(request)) {
  connection_.forwarding_ = this;
  connection_.parser_.set_body_max(static_cast<std::size_t>(options_.request_bytes_max));
  connection_.read_started_ = connection_.shared_.clock.steady();
  next_look_ = connection_.read_started_ + kLookEvery;
}

Forwarding::~Forwarding() { connection_.forwarding_ = nullptr; }

Task<bool> Forwarding::run() {
  bool stays = false;
  if (!take_body()) {
    stays = co_await refuse_unmetered();
    co_return stays;
  }
  is_bodiless_ = has_whole_request_ && piece_.empty();
  Step step = Step::failed;
  if (const Result<> admitted = passage_.admit(); admitted) {
    step = co_await exchange();
  } else {
    error_ = admitted.error();
  }
  if (step == Step::again) {
    has_tried_again_ = true;
    link_.reset();
    step = co_await exchange();
  }
  if (is_beside_) co_await join_upload();
  using AnsweredBy = PassedOutcome::AnsweredBy;
  if (step == Step::done) {
    // A clean link is returned before the record, unless bytes to be sent are still in its buffer.
    if (direct_.empty()) give_link_back();
    stays = co_await end_answer(AnsweredBy::upstream, head_.status);
  } else if (step == Step::failed) {
    const int status = answer_ourselves();
    stays = co_await end_answer(AnsweredBy::gateway, status);
  } else {
    const bool is_left = step == Step::abandoned;
    drop_link();
    co_await record(is_left ? AnsweredBy::nobody : AnsweredBy::upstream,
                    is_left ? 0 : head_.status);
  }
  co_return stays;
}

Task<Forwarding::Step> Forwarding::exchange() {
  Step step = Step::done;
  if (!begin_turn()) step = co_await wait_for_turn();
  if (step == Step::done && !take_kept_link()) step = co_await open_link();
  if (step != Step::done) co_return step;
  make_request();
  if (!send_request_now()) step = co_await send_request();
  if (step == Step::done) step = co_await read_answer_head();
  if (step != Step::done) co_return step;
  if (head_.status == 101) {
    step = co_await tunnel();
    co_return step;
  }
  begin_answer();
  const std::optional<Step> taken = take_answer();
  if (taken) co_return *taken;
  step = co_await pass_on_rest();
  co_return step;
}

// The end of the answer waits here for the record.
Task<bool> Forwarding::end_answer(PassedOutcome::AnsweredBy by, int status) {
  const bool is_recorded = co_await record(by, status);
  if (connection_.ended_) co_return false;
  if (!is_recorded && is_head_sent_) co_return false;
  if (!is_recorded) make_failure();
  const bool stays = co_await send_rest();
  co_return stays;
}

int Forwarding::answer_ourselves() {
  drop_link();
  Response response = passage_.failure(error_);
  make_answer(response);
  return response.status;
}

// If the call cannot be recorded, the answer is a failure, whatever the upstream answered.
void Forwarding::make_failure() {
  output_.clear();
  direct_ = {};
  drop_link();
  Response response = passage_.failure(recorded_->error());
  make_answer(response);
}

void Forwarding::make_answer(Response& response) {
  if (!has_whole_request_ || connection_.shared_.stopping) response.close = true;
  const HeadContext context = head_context(request_, response, connection_.shared_.clock.now());
  keeps_caller_ = context.keep_alive;
  output_ = serialize_head(response, context);
  if (request_.method != "HEAD" && !is_bodiless(response.status)) output_ += response.body;
}

Task<bool> Forwarding::send_rest() {
  bool is_sent = flush_now();
  if (!is_sent) is_sent = co_await flush();
  give_link_back();
  const bool has_unread = !has_whole_request_ || !connection_.input_.is_empty();
  if (is_sent && !keeps_caller_ && has_unread) co_await connection_.linger();
  const bool stays = is_sent && keeps_caller_;
  co_return stays;
}

// The body is invalid: the request is refused as if it had never been passed on.
Task<bool> Forwarding::refuse_unmetered() {
  Response response = connection_.refusal(*refused_body_, request_.request_id);
  connection_.shared_.handler.add_origin_fields(request_, response);
  response.close = true;
  make_answer(response);
  const bool stays = co_await send_rest();
  co_return stays;
}

Task<bool> Forwarding::record(PassedOutcome::AnsweredBy by, int status) {
  const PassedOutcome outcome{
      .by = by,
      .status = status,
      .reached_upstream = reached_upstream_,
      .request_bytes = connection_.parser_.bytes() + tunnelled_bytes_,
      .response_bytes = sent_bytes_ + static_cast<std::int64_t>(output_.size() + direct_.size())};
  read_deadline_.reset();
  if (Result<> recorded = passage_.finish(outcome); recorded) {
    connection_.loop_->keep_record(connection_.shared_from_this());
  } else {
    recorded_ = std::move(recorded);
  }
  while (!recorded_ && !connection_.ended_) co_await connection_.wake_.wait();
  co_return recorded_ && recorded_->has_value();
}

void Forwarding::keep_record() {
  passage_.when_kept(
      OneRecord{connection_.loop_, connection_.weak_from_this(), connection_.exchange_});
}

void Forwarding::sweep(Microseconds now) {
  const bool is_late =
      (read_deadline_ && now >= *read_deadline_) || (write_deadline_ && now >= *write_deadline_);
  if (is_late) {
    has_timed_out_ = true;
    end();
    connection_.wake();
    return;
  }
  // Without a pending read, only a check shows whether the caller is still there.
  if (is_beside_ || now < next_look_ || connection_.ended_) return;
  next_look_ = now + kLookEvery;
  if (is_gone(connection_.socket_)) connection_.end();
}

void Forwarding::end() {
  BoostError ignored;
  if (link_ != nullptr) link_->close();
  if (connecting_) connecting_->close(ignored);
}

void Forwarding::give_link_back() {
  if (link_ == nullptr) return turn_.reset();
  const bool is_clean = framing_.keep_alive && has_whole_request_ && is_request_sent_ &&
                        link_->input.is_empty() && link_->socket.is_open() &&
                        !connection_.shared_.stopping;
  if (is_clean) pool_->give_back(std::move(link_), connection_.shared_.clock.steady());
  drop_link();
}

void Forwarding::drop_link() {
  link_.reset();
  turn_.reset();
}

// Used for both directions of a tunnel, and for a request's body during its answer.
void Forwarding::start_beside(Task<void> task) {
  is_beside_ = true;
  asio::co_spawn(connection_.loop_->io.get_executor(), std::move(task), asio::detached);
}

Task<void> Forwarding::join_upload() {
  is_beside_to_end_ = true;
  BoostError ignored;
  if (link_ != nullptr) link_->close();
  connection_.socket_.cancel(ignored);
  while (is_beside_) co_await connection_.wake_.wait();
}

Forwarding::Step Forwarding::fail_with(ErrorCode code, std::string message) {
  error_ = Error{code, std::move(message), {}};
  return Step::failed;
}

}  // namespace metergate::http
