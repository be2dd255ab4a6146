// The types of this floor's coroutines: sockets and timers with their executor's own type, and
// completion by a tuple, so that nothing is thrown. Names only.
//
// g++ 12 lays out some coroutine frames wrongly if a co_await is in the condition of an if or a
// while, or beside temporaries in braces: give its value a name first.
#pragma once

#include <chrono>

#include "http/net/asio.h"

namespace metergate::http {

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using WakeTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;
using BoostError = boost::system::error_code;

// Deferred: awaiting it needs no coroutine of its own.
using AwaitToken = asio::as_tuple_t<asio::deferred_t>;
inline constexpr AwaitToken kAwait{asio::deferred};

}  // namespace metergate::http
