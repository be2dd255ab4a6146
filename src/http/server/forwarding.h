// Forwarding: one proxied exchange of a connection: streams the request to an upstream and the
// answer back, and records the call before the answer's end.
//
// The other half of Connection: lives in its coroutine and on its thread. If the request's body is
// incomplete, a second coroutine sends it, which has ended before run() returns. At most 64 KiB are
// buffered in either direction, 8 KiB of an answer with a slow caller; a slow reader slows the
// sender down.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/net/tls_stream.h"
#include "http/server/connection.h"
#include "http/server/passage.h"
#include "http/server/upstream_pool.h"
#include "http/wire/body_decoder.h"
#include "http/wire/forwarded_head.h"
#include "http/wire/head.h"

namespace metergate::http {

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

class Forwarding {
 public:
  // `request` has no body yet; the connection's parser still has to take it. All arguments outlive
  // this.
  Forwarding(Connection& connection, Request& request, Passage& passage);
  ~Forwarding();
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  // True if the connection takes another request.
  Task<bool> run();

  // Called by the connection, on its thread.
  void sweep(Microseconds now);
  void end();  // the caller has gone
  void keep_record();
  void recorded(Result<> result) { recorded_ = std::move(result); }
  bool is_tunnel() const { return is_tunnel_; }

 private:
  // The outcome of a step.
  enum class Step : std::uint8_t {
    done,
    again,      // the kept connection was closed before the first byte of an answer
    failed,     // error_ has the reason; nothing was sent to the caller
    broken,     // the answer broke off in the middle
    abandoned,  // the caller disconnected
    tunnelled   // a WebSocket that has ended
  };

  Task<Step> exchange();
  Task<bool> end_answer(PassedOutcome::AnsweredBy by, int status);
  int answer_ourselves();
  void make_failure();
  Task<bool> refuse_unmetered();
  Task<bool> send_rest();
  Task<bool> record(PassedOutcome::AnsweredBy by, int status);
  void make_answer(Response& response);
  void give_link_back();
  void drop_link();
  void start_beside(Task<void> task);
  Task<void> join_upload();
  Step fail_with(ErrorCode code, std::string message);

  // Towards the upstream.
  bool take_body();
  bool begin_turn();
  Task<Step> wait_for_turn();
  bool take_kept_link();
  Task<Step> open_link();
  Task<Step> connect();
  Task<bool> connect_to(Upstream::Target& target);
  Task<bool> start_tls();
  void leave_out(Upstream::Target& target);
  SentBody request_body() const;
  void make_request();
  bool send_request_now();
  Task<Step> send_request();
  Task<void> upload();
  Task<bool> upload_piece();
  Task<bool> write_to_upstream(std::string_view first, std::string_view second,
                               std::size_t sent = 0);
  bool may_try_again() const;

  // Towards the caller.
  Task<bool> read_from_upstream(std::size_t bytes_max);
  Task<bool> read_with_tls(std::size_t bytes_max);
  asio::mutable_buffer answer_room(std::size_t bytes_max);
  bool take_read(const BoostError& error, std::size_t count);
  std::size_t body_room();
  Task<Step> read_answer_head();
  std::optional<Step> parse_head();
  Step check_answer();
  Step head_failure(bool is_empty);
  Task<Step> pass_on_interim();
  void append_bare_head();
  void append_answer_head();
  void begin_answer();
  std::optional<Step> take_answer();
  Task<Step> pass_on_rest();
  bool decode_into_output();
  bool flush_now();
  Task<bool> flush();
  void forget_output(bool is_written);
  Task<Step> tunnel();
  Task<void> tunnel_to_upstream();

  Connection& connection_;
  Request& request_;
  Passage& passage_;
  const UpstreamOptions& options_;
  const bool wants_websocket_;
  Error error_;

  std::shared_ptr<UpstreamPool> pool_;
  std::optional<UpstreamTurn> turn_;    // outlives what it lends
  std::optional<UpstreamPlace> place_;  // for the connection being made
  std::optional<Socket> connecting_;
  std::string connect_problem_;  // of the last try
  LinkPtr link_;
  bool has_tried_again_ = false;
  bool reached_upstream_ = false;
  bool has_upstream_ended_ = false;

  std::string request_head_;  // as sent to the upstream
  std::size_t request_sent_ = 0;
  std::string piece_;  // of the request's body, to be sent
  bool has_whole_request_ = false;
  bool is_bodiless_ = false;  // when the head had come
  bool is_request_sent_ = false;
  bool has_asked_to_upgrade_ = false;  // never while the body is still to come
  std::optional<Error> refused_body_;
  bool is_beside_ = false;  // the second coroutine is running
  bool is_beside_to_end_ = false;

  ResponseHead head_;
  std::size_t head_bytes_ = 0;  // size of head_, at the front of the link's input
  std::size_t searched_ = 0;    // part of the input searched for the end of a head
  int interims_ = 0;
  ResponseFraming framing_;
  BodyDecoder decoder_;
  SentBody sent_body_;
  bool keeps_caller_ = true;
  bool is_head_sent_ = false;  // some of the answer was sent to the caller
  std::string output_;         // for the caller
  std::string_view direct_;    // sent after output_; in the link's input
  std::size_t flushed_ = 0;    // bytes sent of both
  std::int64_t body_bytes_ = 0;
  std::int64_t sent_bytes_ = 0;
  std::int64_t tunnelled_bytes_ = 0;  // from the caller, after its request
  bool is_tunnel_ = false;

  std::optional<Result<>> recorded_;
  std::optional<Microseconds> read_deadline_;  // for the upstream
  std::optional<Microseconds> write_deadline_;
  bool has_timed_out_ = false;
  Microseconds next_look_{0};  // next check that the caller is still there
};

}  // namespace metergate::http
