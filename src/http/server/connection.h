// One connection: reads a request, has it handled, writes the answer, and only then looks at the
// next, so pipelined requests are answered in order.
//
// A connection lives on its loop's thread; only Reply comes from others, and it posts. It is kept
// alive by its coroutine, and a Reply that outlives it falls on deaf ears. Deadlines are looked at
// by the loop's sweep a few times a second: no timer is set for each read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/net/read_buffer.h"
#include "http/net/slow_pool.h"
#include "http/net/task.h"
#include "http/net/wake.h"
#include "http/server/loop.h"
#include "http/server/server.h"
#include "http/wire/parser.h"

namespace metergate::http {

// What all connections of a server share; outlives them.
struct Shared {
  const ServerOptions& options;
  Handler& handler;
  const Clock& clock;
  const Log& log;
  SlowPool& slow;
  SlowPool& logins;
  std::atomic<std::size_t> connections = 0;
  Shares shares{options.held_bytes_max};  // of bodies that come and answers that go
  std::atomic<bool> stopping = false;
};

class Forwarding;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, std::shared_ptr<Loop> loop, Socket socket, std::string remote_ip);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves requests until either side ends it. With `is_one_too_many` it answers 503 at once.
  static void start(std::shared_ptr<Connection> connection, bool is_one_too_many);

  // By the loop. True: its deadline has passed, so it was ended now.
  bool sweep(Microseconds now);
  // Ends it at once where no request is under way.
  void end_if_idle();
  void end();
  // The answer to the request under way; nothing: its Reply was dropped.
  void answered(std::uint64_t exchange, std::optional<Response> response);
  // Asks for the record of the request that passes through to be kept.
  void keep_record();
  // It is.
  void recorded(std::uint64_t exchange);

 private:
  friend class Forwarding;  // the half that passes requests on
  friend struct Loop;
  enum class Read : std::uint8_t { complete, refused, ended };
  enum class BodyFate : std::uint8_t { kept, read_past, refused };
  struct Piece {
    BodySource source;
    Result<std::optional<std::string>> bytes;
  };

  Task<void> run();
  Task<void> refuse_connection();
  Task<bool> serve_one();
  Task<bool> answer(Request& request, bool is_refused);
  Task<Read> read_head();
  Task<Read> read_body(const Request& head);
  Task<bool> read_some();
  Task<bool> send_continue();
  // References: g++ 12 destroys an aggregate that a coroutine takes by value twice.
  Task<bool> send(Response& response, const Request& asked);
  Task<bool> send_source(BodySource& source, bool in_chunks);
  Task<bool> write(std::string_view first, std::string_view second = {});
  // What did not go at once.
  Task<bool> write_rest(std::string_view first, std::string_view second, std::size_t sent);
  Task<void> linger();
  Task<bool> take_turn();
  bool refuse_turn();
  bool read_now(int times);
  void pass_turn_on();

  Request take_request_head();
  bool take_own_path(Request& request);
  Result<> take_query(Request& request) const;
  Request unread_request();
  void call_handler(Request request);
  Response take_answer(const std::string& request_id);
  Response refusal(const Error& error, const std::string& request_id);
  void set_read_deadline();
  asio::mutable_buffer read_room();
  void wake() { wake_.wake(); }
  // Counts so many bytes of bodies and answers as held, instead of what it held before.
  void hold(std::size_t bytes);
  void hold_for(Holder holder, std::size_t bytes);
  // Whether the holder and all connections together may hold more; else refused_ says so.
  bool has_room(const Request& head, std::size_t bytes_max);
  bool has_room_for_answer(const Request& asked, Response& response);
  void find_holder(const Request& head);
  BodyFate fate_of_body(const Request& head);
  // Ends it where its peer takes too little of the answer.
  bool is_read_too_slowly(Microseconds now);

  Shared& shared_;
  std::shared_ptr<Loop> loop_;
  Socket socket_;
  Wake wake_;
  std::size_t place_ = 0;         // in the loop's connections
  std::size_t held_ = 0;          // of Shared::shares
  std::optional<Holder> holder_;  // of the request under way, once somebody asked
  std::string remote_ip_;         // of the peer, which may be a proxy
  std::string recorded_ip_;       // as much of it as may be kept
  std::string target_;            // of the request under way, as sent
  ReadBuffer input_;              // read and not yet taken
  RequestParser parser_;
  Error refused_;                         // after Read::refused
  std::optional<Microseconds> deadline_;  // of reading
  std::optional<Microseconds> write_deadline_;
  Microseconds write_started_{0};         // of what is written while there is a write_deadline_
  std::int64_t acknowledged_before_ = 0;  // by the peer, when that began
  Microseconds read_started_{0};          // of this request's head, then of its body
  bool is_idle_ = true;
  bool is_first_ = true;
  bool ended_ = false;
  std::uint64_t exchange_ = 0;  // counts requests, so that a late answer finds its own only
  bool is_answered_ = false;
  bool is_dropped_ = false;  // the request's body, while it is read: refused_ says why
  std::optional<Response> answer_;
  std::optional<Piece> piece_;
  Forwarding* forwarding_ = nullptr;  // while a request passes through
};

}  // namespace metergate::http
