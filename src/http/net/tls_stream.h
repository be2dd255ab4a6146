// Reading and writing with TLS over a socket of a loop's, for coroutines: the steps of a session,
// and the waits between them. Session and socket outlive what is awaited; whoever closes the socket
// meanwhile tells the session first. On the loop's thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/net/task.h"
#include "http/net/tls_session.h"

namespace metergate::http {

struct StreamEnd {
  BoostError error;  // eof where the peer has ended TLS in order, and only there
  std::size_t bytes = 0;
};

// Why there is no TLS; empty: there is.
Task<std::string> shake_hands(Socket& socket, TlsSession& session);
Task<StreamEnd> read_some(Socket& socket, TlsSession& session, std::span<char> room);
Task<StreamEnd> write_some(Socket& socket, TlsSession& session, std::string_view bytes);

}  // namespace metergate::http
