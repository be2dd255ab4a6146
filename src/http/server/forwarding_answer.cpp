// Towards the caller: the answer's head, its body as it comes, and both directions of a WebSocket.
#include <fmt/format.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "http/net/send_now.h"
#include "http/server/forwarding.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kBodyBytesMax = 64 * 1024;   // of the body in the buffer
constexpr std::size_t kCopiedBytesMax = 4 * 1024;  // longer pieces are sent without copying
constexpr std::size_t kAddedBytesUsual = 512;      // our fields in an answer's head
constexpr int kUnsentBytesMax = 16 * 1024;         // with more unsent bytes a caller is slow

// True if these may be the first bytes of an HTTP/1 answer, so that other protocols are refused at
// once.
bool may_be_answer(std::string_view bytes) {
  constexpr std::string_view kStart = "HTTP/1.";
  const std::size_t count = std::min(bytes.size(), kStart.size());
  return bytes.substr(0, count) == kStart.substr(0, count);
}

}  // namespace

Task<bool> Forwarding::read_from_upstream(std::size_t bytes_max) {
  bool is_read = false;
  if (link_->tls == nullptr) {
    const auto [error, count] =
        co_await link_->socket.async_read_some(answer_room(bytes_max), kAwait);
    is_read = take_read(error, count);
  } else {
    is_read = co_await read_with_tls(bytes_max);
  }
  co_return is_read;
}

Task<bool> Forwarding::read_with_tls(std::size_t bytes_max) {
  const std::span<char> room = link_->input.room(bytes_max);
  const StreamEnd end = co_await read_some(link_->socket, *link_->tls, room);
  const bool is_read = take_read(end.error, end.bytes);
  co_return is_read;
}

asio::mutable_buffer Forwarding::answer_room(std::size_t bytes_max) {
  const std::span<char> room = link_->input.room(bytes_max);
  return {room.data(), room.size()};
}

bool Forwarding::take_read(const BoostError& error, std::size_t count) {
  has_upstream_ended_ = error == asio::error::eof;
  if (error) return false;
  link_->input.commit(count);
  return true;
}

// A large buffer saves system calls if the caller is the faster side. Otherwise it would stay full
// until the caller has read the earlier bytes, so it is released.
std::size_t Forwarding::body_room() {
  if (!link_->input.is_growing() || !link_->input.is_empty()) return kBodyBytesMax;
  int unsent = 0;
  ::ioctl(connection_.socket_.native_handle(), SIOCOUTQNSD, &unsent);
  if (unsent <= kUnsentBytesMax) return kBodyBytesMax;
  link_->input.rest();
  std::string{}.swap(output_);
  if (!is_beside_) connection_.input_.release();  // otherwise a read may be using it
  return ReadBuffer::kFirstBytes;
}

Task<Forwarding::Step> Forwarding::read_answer_head() {
  while (true) {
    std::optional<Step> step = parse_head();
    while (!step) {
      const bool is_empty = link_->input.is_empty();
      bool is_read = false;
      if (link_->tls == nullptr) {  // nearly all answers: no coroutine needed
        const auto [error, count] =
            co_await link_->socket.async_read_some(answer_room(kHeadBytesMax), kAwait);
        is_read = take_read(error, count);
      } else {
        is_read = co_await read_with_tls(kHeadBytesMax);
      }
      step = is_read ? parse_head() : head_failure(is_empty);
    }
    if (*step != Step::done) co_return *step;
    if (head_.status >= 200) co_return check_answer();
    if (head_.status == 101) {
      // A tunnel reads from the caller, as does the upload of a body: never both.
      if (has_asked_to_upgrade_ && request_.takes_chunks) co_return Step::done;
      co_return fail_with(ErrorCode::upstream, "the upstream changed the protocol unasked");
    }
    if (++interims_ > kInterimsMax)
      co_return fail_with(ErrorCode::upstream, "the upstream does not come to its answer");
    const Step passed = co_await pass_on_interim();
    if (passed != Step::done) co_return passed;
  }
}

// Determines the length of the answer's body.
Forwarding::Step Forwarding::check_answer() {
  const Result<ResponseFraming> framing = framing_of(head_, request_.method == "HEAD");
  if (!framing) return fail_with(ErrorCode::upstream, framing.error().message);
  framing_ = *framing;
  if (framing_.length > options_.response_bytes_max)
    return fail_with(ErrorCode::upstream, "the upstream's answer is larger than is allowed");
  return Step::done;
}

// Parses the head at the start of the input; nothing if it is incomplete.
std::optional<Forwarding::Step> Forwarding::parse_head() {
  const std::string_view bytes = link_->input.view();
  const std::size_t end = bytes.find("\r\n\r\n", searched_);
  if (end != std::string_view::npos) {
    head_bytes_ = end + 4;
    searched_ = 0;
    const Result<> parsed = parse_response_head(bytes.substr(0, head_bytes_), head_);
    if (!parsed) return fail_with(ErrorCode::upstream, parsed.error().message);
    return Step::done;
  }
  if (has_bare_line_end(bytes.substr(searched_)))
    return fail_with(ErrorCode::upstream, "a line of the answer's head does not end in CRLF");
  searched_ = bytes.size() < 3 ? 0 : bytes.size() - 3;
  if (!may_be_answer(bytes))
    return fail_with(ErrorCode::upstream, "the upstream answered with something that is no HTTP/1");
  if (bytes.size() >= kHeadBytesMax)
    return fail_with(ErrorCode::upstream,
                     "the head of the upstream's answer is larger than 64 KiB");
  return std::nullopt;
}

// The reason why no head came.
Forwarding::Step Forwarding::head_failure(bool is_empty) {
  if (connection_.ended_) return Step::abandoned;
  if (refused_body_) {
    error_ = *refused_body_;
    return Step::failed;
  }
  if (has_timed_out_)
    return fail_with(ErrorCode::upstream_timeout, "the upstream did not answer in time");
  if (is_empty && interims_ == 0 && may_try_again()) return Step::again;
  return fail_with(ErrorCode::upstream, "the upstream ended the connection before it answered");
}

// We have sent 100 ourselves if it was asked for; other interim answers are hints for HTTP/1.1
// callers.
Task<Forwarding::Step> Forwarding::pass_on_interim() {
  const bool is_for_caller = head_.status != 100 && request_.takes_chunks;
  if (is_for_caller) append_bare_head();
  link_->input.consume(head_bytes_);
  head_.status = 0;
  bool is_written = flush_now();
  if (!is_written) is_written = co_await flush();
  if (!is_written) co_return Step::abandoned;
  is_head_sent_ = false;  // of the final answer
  co_return Step::done;
}

// Appends a head without a body, or one that is followed by another protocol.
void Forwarding::append_bare_head() {
  append_caller_head(output_, head_,
                     {.request_id = request_.request_id,
                      .own_fields = passage_.answer_fields(),
                      .is_upgrade = head_.status == 101,
                      .clock = connection_.shared_.clock});
}

void Forwarding::append_answer_head() {
  switch (framing_.body) {
    case BodyKind::none:
      sent_body_ = {};
      break;
    case BodyKind::length:
      sent_body_ = {SentBody::Kind::length, framing_.length};
      break;
    case BodyKind::chunked:
    case BodyKind::until_close:
      sent_body_.kind =
          request_.takes_chunks ? SentBody::Kind::chunked : SentBody::Kind::until_close;
      break;
  }
  keeps_caller_ = request_.keep_alive && has_whole_request_ && !connection_.shared_.stopping &&
                  sent_body_.kind != SentBody::Kind::until_close;
  output_.reserve(link_->input.view().size() + kAddedBytesUsual);
  append_caller_head(output_, head_,
                     {.request_id = request_.request_id,
                      .own_fields = passage_.answer_fields(),
                      .body = sent_body_,
                      .said_length = framing_.said_length,
                      .keep_alive = keeps_caller_,
                      .clock = connection_.shared_.clock});
  link_->input.consume(head_bytes_);
}

void Forwarding::begin_answer() {
  append_answer_head();
  decoder_ = BodyDecoder{framing_};
}

// Takes the bytes of the answer that have come; nothing if more are needed.
std::optional<Forwarding::Step> Forwarding::take_answer() {
  if (!decode_into_output()) {
    if (is_head_sent_) return Step::broken;
    output_.clear();
    return fail_with(ErrorCode::upstream, "the body of the upstream's answer is malformed");
  }
  if (!decoder_.is_complete()) return std::nullopt;
  if (sent_body_.kind == SentBody::Kind::chunked) output_ += kLastChunk;
  return Step::done;
}

Task<Forwarding::Step> Forwarding::pass_on_rest() {
  while (true) {
    bool is_written = flush_now();
    if (!is_written) is_written = co_await flush();
    if (!is_written) co_return Step::abandoned;
    read_deadline_ = connection_.shared_.clock.steady() + options_.idle_timeout;
    const bool is_read = co_await read_from_upstream(body_room());
    read_deadline_.reset();
    if (!is_read) break;
    const std::optional<Step> taken = take_answer();
    if (taken) co_return *taken;
  }
  if (connection_.ended_) co_return Step::abandoned;
  const bool is_end =
      framing_.body == BodyKind::until_close && has_upstream_ended_ && !has_timed_out_;
  if (!is_end) co_return Step::broken;
  if (sent_body_.kind == SentBody::Kind::chunked) output_ += kLastChunk;
  co_return Step::done;
}

// Moves the received part of the body to output_, or makes direct_ refer to it. False if it is
// malformed or too long.
bool Forwarding::decode_into_output() {
  while (true) {
    const Result<BodyDecoder::Step> step = decoder_.take(link_->input.view());
    if (!step) return false;
    if (step->taken == 0) return true;
    body_bytes_ += static_cast<std::int64_t>(step->data.size());
    if (body_bytes_ > options_.response_bytes_max) return false;
    if (sent_body_.kind == SentBody::Kind::chunked) {
      if (!step->data.empty())
        fmt::format_to(std::back_inserter(output_), "{:x}\r\n{}\r\n", step->data.size(),
                       step->data);
    } else if (framing_.body == BodyKind::length && step->data.size() > kCopiedBytesMax) {
      direct_ = step->data;
      return true;
    } else {
      output_ += step->data;
    }
    link_->input.consume(step->taken);
  }
}

// True if all was sent at once; otherwise flush() must follow for the rest.
bool Forwarding::flush_now() {
  if (output_.empty() && direct_.empty()) return true;
  if (!is_head_sent_) passage_.complete_head(output_);
  is_head_sent_ = true;
  flushed_ = send_now(connection_.socket_, output_, direct_);
  if (flushed_ < output_.size() + direct_.size()) return false;
  forget_output(true);
  return true;
}

Task<bool> Forwarding::flush() {
  const bool is_written = co_await connection_.write_rest(output_, direct_, flushed_);
  forget_output(is_written);
  co_return is_written;
}

void Forwarding::forget_output(bool is_written) {
  if (is_written) sent_bytes_ += static_cast<std::int64_t>(output_.size() + direct_.size());
  output_.clear();
  if (!direct_.empty()) link_->input.consume(direct_.size());
  direct_ = {};
}

// Runs until either side ends it, or it is idle for too long.
Task<Forwarding::Step> Forwarding::tunnel() {
  bool goes_on = true;
  append_bare_head();
  link_->input.consume(head_bytes_);
  keeps_caller_ = false;
  is_tunnel_ = true;
  start_beside(tunnel_to_upstream());
  while (goes_on) {
    output_ += link_->input.view();
    link_->input.consume(link_->input.view().size());
    goes_on = flush_now();
    if (!goes_on) goes_on = co_await flush();
    if (!goes_on) break;
    read_deadline_ = connection_.shared_.clock.steady() + options_.tunnel_timeout;
    goes_on = co_await read_from_upstream(kBodyBytesMax);
  }
  read_deadline_.reset();
  co_return Step::tunnelled;
}

Task<void> Forwarding::tunnel_to_upstream() {
  bool goes_on = true;
  while (goes_on) {
    const std::string bytes{connection_.input_.view()};
    connection_.input_.consume(bytes.size());
    tunnelled_bytes_ += static_cast<std::int64_t>(bytes.size());
    goes_on = co_await write_to_upstream(bytes, {});
    if (read_deadline_)
      read_deadline_ = connection_.shared_.clock.steady() + options_.tunnel_timeout;
    if (goes_on && !is_beside_to_end_) goes_on = co_await connection_.read_some();
    goes_on = goes_on && !is_beside_to_end_ && !connection_.ended_;
  }
  end();
  is_beside_ = false;
  connection_.wake();
}

}  // namespace metergate::http
