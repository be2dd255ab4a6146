// One connection: reads a request, has it handled, writes the answer, and only then reads the next,
// so pipelined requests are answered in order.
//
// A connection lives on its loop's thread; only Reply is called from others, and it posts. Its
// coroutine keeps it alive, and a Reply that outlives it has no effect. The loop's sweep checks
// deadlines a few times a second, so no timer is set for each read.
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

// The state that all connections of a server share; outlives them.
struct Shared {
  const ServerOptions& options;
  Handler& handler;
  const Clock& clock;
  const Log& log;
  SlowPool& slow;
  SlowPool& logins;
  std::atomic<std::size_t> connections = 0;
  Shares shares{options.held_bytes_max};  // of bodies being received and answers being sent
  std::atomic<bool> stopping = false;
};

class Forwarding;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, std::shared_ptr<Loop> loop, Socket socket, std::string remote_ip);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves requests until either side ends the connection. With `is_one_too_many`, answers 503 at
  // once.
  static void start(std::shared_ptr<Connection> connection, bool is_one_too_many);

  // Called by the loop. True if the deadline has passed and the connection was ended.
  bool sweep(Microseconds now);
  // Ends the connection at once if no request is under way.
  void end_if_idle();
  void end();
  // The answer to the request under way; nothing: its Reply was dropped.
  void answered(std::uint64_t exchange, std::optional<Response> response);
  // Asks for the record of the proxied request to be kept.
  void keep_record();
  // Called when the record is kept.
  void recorded(std::uint64_t exchange);

 private:
  friend class Forwarding;  // the half that proxies requests
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
  // References, because g++ 12 destroys an aggregate twice if a coroutine takes it by value.
  Task<bool> send(Response& response, const Request& asked);
  Task<bool> send_source(BodySource& source, bool in_chunks);
  Task<bool> write(std::string_view first, std::string_view second = {});
  // Writes the bytes that were not sent at once.
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
  // Counts this many bytes of bodies and answers as held, instead of the previous number.
  void hold(std::size_t bytes);
  void hold_for(Holder holder, std::size_t bytes);
  // True if the holder and all connections together may hold more; otherwise refused_ has the
  // reason.
  bool has_room(const Request& head, std::size_t bytes_max);
  bool has_room_for_answer(const Request& asked, Response& response);
  void find_holder(const Request& head);
  BodyFate fate_of_body(const Request& head);
  // Ends the connection if its peer reads the answer too slowly.
  bool is_read_too_slowly(Microseconds now);

  Shared& shared_;
  std::shared_ptr<Loop> loop_;
  Socket socket_;
  Wake wake_;
  std::size_t place_ = 0;                     // index in the loop's connections
  std::size_t held_ = 0;                      // bytes counted in Shared::shares
  std::optional<Holder> holder_;              // of the request under way, once determined
  std::shared_ptr<const void> known_caller_;  // likewise, until the connection waits
  std::string remote_ip_;                     // of the peer, possibly a proxy
  std::string recorded_ip_;                   // the part of it that may be kept
  std::string target_;                        // of the request under way, as sent
  ReadBuffer input_;                          // read and not taken yet
  RequestParser parser_;
  Error refused_;                         // after Read::refused
  std::optional<Microseconds> deadline_;  // for reading
  std::optional<Microseconds> write_deadline_;
  Microseconds write_started_{0};         // of the current write, while there is a write_deadline_
  std::int64_t acknowledged_before_ = 0;  // by the peer, at that time
  Microseconds read_started_{0};          // of this request's head, then of its body
  bool is_idle_ = true;
  bool is_first_ = true;
  bool ended_ = false;
  std::uint64_t exchange_ = 0;  // counts requests, so that a late answer is recognized
  bool is_answered_ = false;
  bool is_dropped_ = false;  // the body being read is discarded: refused_ has the reason
  std::optional<Response> answer_;
  std::optional<Piece> piece_;
  Forwarding* forwarding_ = nullptr;  // while a request is proxied
};

}  // namespace metergate::http
