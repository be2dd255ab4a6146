// Asio as every unit of this floor includes it: compiled once, in asio.cpp, without its deprecated
// parts. The only header of ours that includes a third party's; only http includes it.
#pragma once

#define BOOST_ASIO_SEPARATE_COMPILATION 1
#define BOOST_ASIO_NO_DEPRECATED 1
// The number of blocks of at most 1 KiB that a thread keeps for operations and coroutines of each
// kind. A proxied call is some nine coroutines deep, so the default of two is too small.
#define BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE 8

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/wait_traits.hpp>

namespace metergate::http {
namespace asio = boost::asio;
}
