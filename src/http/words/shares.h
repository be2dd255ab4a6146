// Shares: divides the server's memory for bodies and answers among its holders, so that one that
// reads nothing, or never ends its bodies, fills only its own share.
//
// A holder is a tenant, a user or key of the provider, or the address of a caller without a valid
// token. All but staff and vital requests (health, readiness) leave an eighth of the memory free.
// If the rest is full nevertheless, the holder with the most is condemned: the next sweep ends its
// connections that wait for their peer. Only requests that wait for their peer, or are large, are
// counted here. Safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace metergate::http {

enum class Standing : std::uint8_t {
  stranger,  // without a valid token: an address
  tenant,
  provider,  // a server of the provider's that sends events
  staff,     // the provider's people; like the next, may use the reserve
  vital      // monitoring
};

// The holder of the share that a request counts against.
struct Holder {
  std::string name;
  Standing standing = Standing::stranger;
};

// The part of a resource that one holder may have; used for memory, and for waiting long requests.
std::size_t part_of(std::size_t pot, Standing standing);

enum class Room : std::uint8_t { enough, none_for_holder, none };

class Shares {
 public:
  explicit Shares(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // One of the holder's connections now holds `after` bytes instead of `before`.
  void change(const Holder& holder, std::size_t before, std::size_t after);
  // Checks that more may be held: by the holder within its share, and by all within `bytes_max`.
  Room room(const Holder& holder, std::size_t bytes_max) const;
  // The bytes held by all.
  std::size_t held() const { return held_; }
  // The bound for all but vital requests.
  std::size_t usual_max() const { return bytes_max_ - bytes_max_ / kReservedPart; }

  // Condemns the holder with the most.
  void condemn_worst();
  bool is_condemned(const Holder& holder) const;

 private:
  static constexpr std::size_t kReservedPart = 8;

  const std::size_t bytes_max_;
  std::atomic<std::size_t> held_ = 0;
  std::atomic<bool> has_condemned_ = false;
  mutable std::mutex mutex_;  // guards the members below
  std::unordered_map<std::string, std::size_t> by_holder_;
  std::string condemned_;
};

}  // namespace metergate::http
