// Reads and writes with TLS over a loop's socket, for coroutines: the steps of a session, and the
// waits in between. Session and socket outlive the awaited call; before the socket is closed
// meanwhile, the session must be told. On the loop's thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/net/task.h"
#include "http/net/tls_session.h"

namespace metergate::http {

struct StreamEnd {
  BoostError error;  // eof only if the peer has ended TLS in order
  std::size_t bytes = 0;
};

// The reason why the handshake failed; empty after a success.
Task<std::string> shake_hands(Socket& socket, TlsSession& session);
Task<StreamEnd> read_some(Socket& socket, TlsSession& session, std::span<char> room);
Task<StreamEnd> write_some(Socket& socket, TlsSession& session, std::string_view bytes);

}  // namespace metergate::http
