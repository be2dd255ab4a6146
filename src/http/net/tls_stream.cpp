#include "http/net/tls_stream.h"

#include <boost/asio/error.hpp>

namespace metergate::http {
namespace {

using State = TlsSession::State;

// False if the socket was closed, or broke.
Task<bool> wait(Socket& socket, State wanted) {
  const auto event = wanted == State::wants_write ? Socket::wait_write : Socket::wait_read;
  const auto [error] = co_await socket.async_wait(event, kAwait);
  co_return !error;
}

StreamEnd end_of(const TlsSession::Moved& moved) {
  switch (moved.state) {
    case State::moved:
      return {{}, moved.bytes};
    case State::ended:
      return {asio::error::eof, 0};
    case State::wants_read:
    case State::wants_write:
    case State::failed:
      break;
  }
  return {asio::error::connection_aborted, 0};
}

}  // namespace

Task<std::string> shake_hands(Socket& socket, TlsSession& session) {
  while (true) {
    const TlsSession::Moved moved = session.shake_hands();
    if (moved.state == State::moved) co_return std::string{};
    if (!moved.is_waiting()) co_return session.problem();
    const bool is_ready = co_await wait(socket, moved.state);
    if (!is_ready) co_return std::string{"it did not end in time"};
  }
}

Task<StreamEnd> read_some(Socket& socket, TlsSession& session, std::span<char> room) {
  TlsSession::Moved moved = session.read(room);
  // Bytes that are ready must not keep the thread from others: a plain read also lets them go
  // first.
  if (!moved.is_waiting()) co_await asio::post(socket.get_executor(), kAwait);
  while (moved.is_waiting()) {
    const bool is_ready = co_await wait(socket, moved.state);
    if (!is_ready) break;
    moved = session.read(room);
  }
  co_return end_of(moved);
}

Task<StreamEnd> write_some(Socket& socket, TlsSession& session, std::string_view bytes) {
  TlsSession::Moved moved = session.write(bytes);
  while (moved.is_waiting()) {
    const bool is_ready = co_await wait(socket, moved.state);
    if (!is_ready) break;
    moved = session.write(bytes);
  }
  co_return end_of(moved);
}

}  // namespace metergate::http
