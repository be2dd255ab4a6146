// Shares: how much of the server's memory for bodies and answers each holder has, so that one that
// reads nothing, or never ends its bodies, fills its own share and not everybody's.
//
// A holder is a tenant, a provider's user or key, or the address of a caller without a valid token.
// All but staff and vital requests (health, readiness) leave an eighth of the memory free. Where
// the rest is full all the same, the holder with the most is condemned: its connections that wait
// for their peer are ended by the next sweep. Only requests that have to wait for their peer, or
// are large, are counted here. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace metergate::http {

enum class Standing : std::uint8_t {
  stranger,  // no valid token: the address
  tenant,
  provider,  // a server of the provider's, which sends events
  staff,     // the provider's people; may use the reserve, as may the next
  vital      // what watches the server
};

// Whose share a request counts against.
struct Holder {
  std::string name;
  Standing standing = Standing::stranger;
};

// How much of a pot one holder may have; the same for memory, and for long requests that wait.
std::size_t part_of(std::size_t pot, Standing standing);

enum class Room : std::uint8_t { enough, none_for_holder, none };

class Shares {
 public:
  explicit Shares(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The holder holds `after` bytes in place of `before` by one of its connections.
  void change(const Holder& holder, std::size_t before, std::size_t after);
  // Whether more may be held: by the holder within its share, and by all within `bytes_max`.
  Room room(const Holder& holder, std::size_t bytes_max) const;
  // Of all together.
  std::size_t held() const { return held_; }
  // What all but vital requests may hold.
  std::size_t usual_max() const { return bytes_max_ - bytes_max_ / kReservedPart; }

  // The holder with the most is to go.
  void condemn_worst();
  bool is_condemned(const Holder& holder) const;

 private:
  static constexpr std::size_t kReservedPart = 8;

  const std::size_t bytes_max_;
  std::atomic<std::size_t> held_ = 0;
  std::atomic<bool> has_condemned_ = false;
  mutable std::mutex mutex_;  // guards the rest
  std::unordered_map<std::string, std::size_t> by_holder_;
  std::string condemned_;
};

}  // namespace metergate::http
