#include "http/server/loop.h"

#include <algorithm>
#include <utility>

#include "http/server/connection.h"

namespace metergate::http {
namespace {

// A sweep pauses for other work after this many connections.
constexpr std::size_t kSweptAtOnce = 128;
constexpr std::size_t kEndedAtOnce = 8;

}  // namespace

Loop::~Loop() {
  // Kept connections keep their pool alive.
  for (const auto& pool : pools) pool->close_kept();
}

void Loop::add(Connection& connection) {
  connection.place_ = connections.size();
  connections.push_back(&connection);
}

void Loop::remove(Connection& connection) {
  connections.back()->place_ = connection.place_;
  connections[connection.place_] = connections.back();
  connections.pop_back();
}

bool Loop::sweep_some(Microseconds now, std::size_t& next) {
  const std::size_t end = std::min(connections.size(), next + kSweptAtOnce);
  // Ending a connection never destroys it at once, so the positions do not change meanwhile.
  for (std::size_t ended = 0; next < end && ended < kEndedAtOnce; ++next) {
    if (connections[next]->sweep(now)) ++ended;
  }
  return next < connections.size();
}

std::shared_ptr<UpstreamPool> Loop::pool_of(Upstream& upstream, unsigned loops) {
  const auto found =
      std::ranges::find_if(pools, [&](const auto& pool) { return &pool->upstream() == &upstream; });
  if (found != pools.end()) return *found;
  const std::size_t share = upstream.options().connections_max / std::max(1U, loops);
  return pools.emplace_back(
      std::make_shared<UpstreamPool>(upstream, std::max<std::size_t>(1, share)));
}

void Loop::keep_record(std::shared_ptr<Connection> connection) {
  to_be_kept.push_back(std::move(connection));
  if (to_be_kept.size() > 1) return;
  // After everything that is ready now.
  asio::post(io, [this] { keep_records(); });
}

void Loop::keep_records() {
  const auto due = std::exchange(to_be_kept, {});
  for (const auto& connection : due) connection->keep_record();
}

void Loop::settle(Handler& handler) {
  if (std::exchange(is_to_settle, true)) return;
  asio::post(io, [this, &handler] {
    is_to_settle = false;
    handler.settle();
  });
}

void Loop::sweep(Microseconds now) {
  for (const auto& pool : pools) pool->drop_old(now);
  // A pool in use is held by its users.
  std::erase_if(pools, [](const auto& pool) {
    if (!pool->upstream().is_retired()) return false;
    pool->close_kept();
    return pool.use_count() == 1;
  });
}

}  // namespace metergate::http
