// Forwarding: one exchange that passes through a connection: the request to an upstream, the answer
// back, both as they come, and the record of it held in front of the answer's end.
//
// The other half of Connection: lives in its coroutine and on its thread. A request's body that is
// not all there yet is sent by a second coroutine, which has ended before run() returns. At most
// 64 KiB wait in either direction, 8 KiB of an answer whose caller is slow; what is slow is read no
// faster.
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
#include "http/wire/response_head.h"

namespace metergate::http {

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

class Forwarding {
 public:
  // `request` without its body, which the connection's parser has not taken yet. All outlive it.
  Forwarding(Connection& connection, Request& request, Passage& passage);
  ~Forwarding();
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  // Whether the connection takes another request.
  Task<bool> run();

  // By the connection, on its thread.
  void sweep(Microseconds now);
  void end();  // the caller is gone
  void keep_record();
  void recorded(Result<> result) { recorded_ = std::move(result); }
  bool is_tunnel() const { return is_tunnel_; }

 private:
  // How a step ended.
  enum class Step : std::uint8_t {
    done,
    again,      // the kept connection was closed before a byte of an answer came
    failed,     // error_ says why; nothing of an answer was sent to the caller
    broken,     // the answer broke off in its middle
    abandoned,  // the caller went away
    tunnelled   // a WebSocket, and it is over
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

  // The way to the upstream.
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

  // The way back.
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
  std::optional<UpstreamPlace> place_;  // for the connection that is being made
  std::optional<Socket> connecting_;
  std::string connect_problem_;  // of the last try
  LinkPtr link_;
  bool has_tried_again_ = false;
  bool reached_upstream_ = false;
  bool has_upstream_ended_ = false;

  std::string request_head_;  // as it goes to the upstream
  std::size_t request_sent_ = 0;
  std::string piece_;  // of the request's body, to be sent
  bool has_whole_request_ = false;
  bool is_bodiless_ = false;  // as it was when its head had come
  bool is_request_sent_ = false;
  std::optional<Error> refused_body_;
  bool is_beside_ = false;  // the second coroutine runs
  bool is_beside_to_end_ = false;

  ResponseHead head_;
  std::size_t head_bytes_ = 0;  // of head_, at the front of the link's input
  std::size_t searched_ = 0;    // of the input, for the end of a head
  int interims_ = 0;
  ResponseFraming framing_;
  BodyDecoder decoder_;
  SentBody sent_body_;
  bool keeps_caller_ = true;
  bool is_head_sent_ = false;  // something of the answer has gone to the caller
  std::string output_;         // for the caller
  std::string_view direct_;    // goes behind output_; lies in the link's input
  std::size_t flushed_ = 0;    // of both
  std::int64_t body_bytes_ = 0;
  std::int64_t sent_bytes_ = 0;
  std::int64_t tunnelled_bytes_ = 0;  // from the caller, behind its request
  bool is_tunnel_ = false;

  std::optional<Result<>> recorded_;
  std::optional<Microseconds> read_deadline_;  // of the upstream
  std::optional<Microseconds> write_deadline_;
  bool has_timed_out_ = false;
  Microseconds next_look_{0};  // whether the caller is still there
};

}  // namespace metergate::http
