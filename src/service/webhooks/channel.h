// Channel: how a destination is told (a signed webhook, a chat's incoming hook, or mail), of which
// alerts, and whether at once or in a digest. A value with its stored and shown forms; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/alert.h"
#include "service/shared/faults.h"

namespace metergate {

enum class ChannelKind : std::uint8_t { webhook, slack, email };
inline constexpr std::array<std::string_view, 3> kChannelKinds = {"webhook", "slack", "email"};
enum class Digest : std::uint8_t { none, hourly, daily };
inline constexpr std::array<std::string_view, 3> kDigests = {"none", "hourly", "daily"};
inline constexpr auto kAlertTypes = [] {
  std::array<std::string_view, kAlertKinds.size()> types;
  for (std::size_t i = 0; i < types.size(); ++i) types[i] = kAlertKinds[i].type;
  return types;
}();
inline constexpr std::array<std::string_view, 3> kSeverities = {"low", "medium", "high"};

struct Channel {
  static constexpr std::size_t kReceiversMax = 20;
  static constexpr std::size_t kTenantsMax = 200;

  ChannelKind kind = ChannelKind::webhook;
  std::vector<std::string> types;  // of alerts; empty: all, also below
  std::vector<std::string> severities;
  std::vector<std::string> tenants;
  Digest digest = Digest::none;
  std::string from;  // mail only, as are the next two
  std::vector<std::string> to;
  std::string username;

  // True if an alert, in its shown form, is one that the destination asked for.
  bool wants(const Json& alert) const;
  // The end of the hour or day, in that zone, that `at` lies in: when a digest of it is due.
  Timestamp digest_due(Timestamp at, const TimeZone& zone) const;
  friend bool operator==(const Channel&, const Channel&) = default;
};

// The parts that a request gives; nothing: it stays.
struct ChannelPatch {
  std::optional<std::vector<std::string>> types{};
  std::optional<std::vector<std::string>> severities{};
  std::optional<std::vector<std::string>> tenants{};
  std::optional<std::string> digest{};
  std::optional<std::string> from{};
  std::optional<std::vector<std::string>> to{};
  std::optional<std::string> username{};
  std::optional<std::string> password{};

  bool is_empty() const;
};

void apply(const ChannelPatch& patch, Channel& channel, Faults& faults);
// Checks all parts against each other.
void check_channel(const Channel& channel, Faults& faults);

void write_channel(const Channel& channel, Json& document);
Result<Channel> channel_from(const Json& document);
void show_channel(const Channel& channel, Json& shown);

// "https://hooks.slack.com/…": who has all of a chat's URL may write there.
std::string hidden_url(std::string_view url);

}  // namespace metergate
