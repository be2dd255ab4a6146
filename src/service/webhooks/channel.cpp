#include "service/webhooks/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/id.h"
#include "base/mail_address.h"
#include "base/nearest.h"

namespace metergate {
namespace {

constexpr std::chrono::hours kHour{1};

template <class Word>
std::optional<Word> find_word(std::span<const std::string_view> words, std::string_view text) {
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) return std::nullopt;
  return static_cast<Word>(found - words.begin());
}

Json text_list(const std::vector<std::string>& values) {
  Json array = Json::array();
  for (const std::string& value : values) array.push_back(value);
  return array;
}

std::vector<std::string> read_texts(const Json& document, std::string_view name) {
  std::vector<std::string> values;
  const Json* array = document.find(name);
  if (array == nullptr || !array->is_array()) return values;
  for (const Json& value : array->as_array()) {
    if (value.is_string()) values.push_back(value.as_string());
  }
  return values;
}

bool is_one_of(const std::vector<std::string>& wanted, const Json& alert, std::string_view name) {
  if (wanted.empty()) return true;
  return std::ranges::find(wanted, alert.string_at(name).value_or("")) != wanted.end();
}

void check_words(std::string_view field, const std::vector<std::string>& values,
                 std::span<const std::string_view> known, Faults& faults) {
  for (const std::string& value : values) {
    if (std::ranges::find(known, value) != known.end()) continue;
    faults.add(std::string{field}, fmt::format("'{}' is none of {}{}", value,
                                               fmt::join(known, ", "), did_you_mean(value, known)));
  }
}

void check_mail(const Channel& channel, Faults& faults) {
  constexpr std::string_view kRule = "is no mail address like billing@example.com";
  if (!is_mail_address(channel.from))
    faults.add("from", fmt::format("'{}' {}", channel.from, kRule));
  if (channel.to.empty()) faults.add("to", "name at least one mail address");
  for (const std::string& address : channel.to) {
    if (!is_mail_address(address)) faults.add("to", fmt::format("'{}' {}", address, kRule));
  }
}

template <class Part>
void take(const std::optional<Part>& given, Part& into) {
  if (given) into = *given;
}

}  // namespace

bool Channel::wants(const Json& alert) const {
  return is_one_of(types, alert, "type") && is_one_of(severities, alert, "severity") &&
         is_one_of(tenants, alert, "tenant_id");
}

Timestamp Channel::digest_due(Timestamp at, const TimeZone& zone) const {
  if (digest == Digest::none) return at;
  if (digest == Digest::hourly) return std::chrono::floor<std::chrono::hours>(at) + kHour;
  return zone.start_of(zone.day_of(at) + std::chrono::days{1});
}

bool ChannelPatch::is_empty() const {
  return !types && !severities && !tenants && !digest && !from && !to && !username && !password;
}

void apply(const ChannelPatch& patch, Channel& channel, Faults& faults) {
  take(patch.types, channel.types);
  take(patch.severities, channel.severities);
  take(patch.tenants, channel.tenants);
  take(patch.from, channel.from);
  take(patch.to, channel.to);
  take(patch.username, channel.username);
  if (!patch.digest) return;
  const auto digest = find_word<Digest>(kDigests, *patch.digest);
  if (digest) {
    channel.digest = *digest;
  } else {
    faults.add("digest",
               fmt::format("'{}' is none of {}", *patch.digest, fmt::join(kDigests, ", ")));
  }
}

void check_channel(const Channel& channel, Faults& faults) {
  check_words("types", channel.types, kAlertTypes, faults);
  check_words("severities", channel.severities, kSeverities, faults);
  for (const std::string& tenant : channel.tenants) {
    if (!TenantId::parse(tenant)) faults.add("tenants", fmt::format("'{}' is no id", tenant));
  }
  if (channel.tenants.size() > Channel::kTenantsMax)
    faults.add("tenants", fmt::format("more than {}: add another one", Channel::kTenantsMax));
  if (channel.to.size() > Channel::kReceiversMax)
    faults.add("to", fmt::format("more than {}: use a list's address", Channel::kReceiversMax));
  if (channel.kind == ChannelKind::email) return check_mail(channel, faults);
  if (!channel.from.empty()) faults.add("from", "is for the kind email only");
  if (!channel.to.empty()) faults.add("to", "is for the kind email only");
  if (!channel.username.empty()) faults.add("username", "is for the kind email only");
}

void write_channel(const Channel& channel, Json& document) {
  if (channel == Channel{}) return;  // as those that earlier builds wrote
  document.set("kind", kChannelKinds[static_cast<std::size_t>(channel.kind)]);
  document.set("types", text_list(channel.types));
  document.set("severities", text_list(channel.severities));
  document.set("tenants", text_list(channel.tenants));
  document.set("digest", kDigests[static_cast<std::size_t>(channel.digest)]);
  if (channel.kind != ChannelKind::email) return;
  document.set("from", channel.from);
  document.set("to", text_list(channel.to));
  if (!channel.username.empty()) document.set("username", channel.username);
}

Result<Channel> channel_from(const Json& document) {
  Channel channel;
  const auto kind =
      find_word<ChannelKind>(kChannelKinds, document.string_at("kind").value_or("webhook"));
  const auto digest = find_word<Digest>(kDigests, document.string_at("digest").value_or("none"));
  if (!kind || !digest) return fail(ErrorCode::corrupt, "its kind or digest is not known");
  channel.kind = *kind;
  channel.digest = *digest;
  channel.types = read_texts(document, "types");
  channel.severities = read_texts(document, "severities");
  channel.tenants = read_texts(document, "tenants");
  channel.from = document.string_at("from").value_or("");
  channel.to = read_texts(document, "to");
  channel.username = document.string_at("username").value_or("");
  Faults faults;
  check_channel(channel, faults);
  if (!faults.is_empty()) return fail(ErrorCode::corrupt, faults.result().error().message);
  return channel;
}

void show_channel(const Channel& channel, Json& shown) {
  shown.set("kind", kChannelKinds[static_cast<std::size_t>(channel.kind)]);
  shown.set("types", text_list(channel.types));
  shown.set("severities", text_list(channel.severities));
  shown.set("tenants", text_list(channel.tenants));
  shown.set("digest", kDigests[static_cast<std::size_t>(channel.digest)]);
  if (channel.kind != ChannelKind::email) return;
  shown.set("from", channel.from);
  shown.set("to", text_list(channel.to));
  shown.set("username", channel.username.empty() ? Json() : Json(channel.username));
}

std::string hidden_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  return fmt::format("{}/…", url.substr(0, url.find_first_of("/?#", host)));
}

}  // namespace metergate
