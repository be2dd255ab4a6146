#include "service/webhooks/delivery_schedule.h"

#include <algorithm>
#include <array>

namespace metergate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<Milliseconds, 9> kWaits = {
    seconds{5}, minutes{5}, minutes{30}, hours{2},  hours{5},
    hours{10},  hours{14},  hours{20},   hours{24},
};
static_assert(kWaits.size() + 1 == kDeliveryTriesMax);
constexpr Milliseconds kAskedMax = hours{24};  // for a receiver's Retry-After

}  // namespace

std::optional<Milliseconds> wait_after(const FailedTry& failed) {
  if (failed.tries >= kDeliveryTriesMax) return std::nullopt;
  const Milliseconds planned = kWaits[static_cast<std::size_t>(std::max(failed.tries, 1) - 1)];
  const auto spread = [&failed](Milliseconds wait) {
    return wait + Milliseconds{wait.count() / 10 * failed.random / UINT32_MAX};
  };
  const Milliseconds asked = std::min(failed.retry_after.value_or(Milliseconds{0}), kAskedMax);
  return std::max(spread(planned), std::min(spread(asked), kAskedMax));
}

}  // namespace metergate
