#include "service/tenants/limits_override.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "domain/own_meter.h"
#include "service/shared/faults.h"
#include "service/tenants/limit_shapes.h"
#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

constexpr std::string_view kOwnMeters = "meters";
constexpr std::string_view kEffects = "effects";

// { "tokens": 500000, "images": null }
void read_own_meters(const Json& value, LimitsOverride& own, Faults& faults) {
  const std::string place = fmt::format("limits_override.{}", kOwnMeters);
  if (!value.is_object() || value.as_object().size() > kOwnMetersMax) {
    faults.add(place, fmt::format("must be an object like {{\"tokens\": 500000}} of at most {}",
                                  kOwnMetersMax));
    return;
  }
  for (const auto& [slug, member] : value.as_object()) {
    if (!is_own_slug(slug)) {
      faults.add(place + "." + slug, "there is no such meter");
      continue;
    }
    std::optional<Quantity> limit;
    if (member.is_number()) limit = Quantity::of(*member.number());
    if (!member.is_null() && (!limit || *limit < Quantity{})) {
      faults.add(place + "." + slug,
                 fmt::format("must be a number from 0 to 1000000000000 with at most nine decimals, "
                             "or null, not {}",
                             to_text(member)));
      continue;
    }
    own.own_meters.emplace(slug, limit);
  }
}

std::string no_such_meter(std::string_view name) {
  std::vector<std::string_view> known;
  for (const MeterRow& row : kMeters) known.push_back(row.name);
  return fmt::format("there is no such meter; there are {}, and meters of your own{}",
                     fmt::join(known, ", "), did_you_mean(name, known));
}

// { "api_calls": "hard", "tokens": "soft" }
void read_effects(const Json& value, LimitsOverride& own, Faults& faults) {
  const std::string place = fmt::format("limits_override.{}", kEffects);
  if (!value.is_object() || value.as_object().size() > kOwnMetersMax + kMeters.size()) {
    faults.add(place, "must be an object like {\"api_calls\": \"hard\"}, a meter a member");
    return;
  }
  for (const auto& [name, member] : value.as_object()) {
    const std::optional<LimitEffect> effect =
        member.is_string() ? find_effect(member.as_string()) : std::nullopt;
    if (!find_meter(name) && !is_own_slug(name)) {
      faults.add(place + "." + name, no_such_meter(name));
    } else if (!effect) {
      faults.add(place + "." + name,
                 fmt::format("must be \"soft\" or \"hard\", not {}", to_text(member)));
    } else {
      own.effects.emplace(name, *effect);
    }
  }
}

std::vector<std::string_view> limit_names() {
  std::vector<std::string_view> names;
  for (const MeterRow& row : kMeters) names.push_back(row.limit_name);
  return names;
}

std::string no_such_limit(std::string_view name) {
  std::vector<std::string_view> known = limit_names();
  const std::string listed = fmt::format("{}", fmt::join(known, ", "));
  known.insert(known.end(), {kOwnMeters, kEffects});
  return fmt::format("there is no such limit; there are {}, {} for meters of your own, and {}{}",
                     listed, kOwnMeters, kEffects, did_you_mean(name, known));
}

}  // namespace

Result<LimitsOverride> parse_override(const Json& value) {
  LimitsOverride own;
  if (value.is_null()) return own;
  Faults faults;
  if (!value.is_object()) {
    faults.add("limits_override", "must be an object like {\"max_stores\": 7}, or null");
    TRY(faults.result());
  }
  for (const auto& [name, member] : value.as_object()) {
    if (name == kOwnMeters) {
      read_own_meters(member, own, faults);
      continue;
    }
    if (name == kEffects) {
      read_effects(member, own, faults);
      continue;
    }
    const std::string field = "limits_override." + name;
    const MeterRow* row = find_limit_name(name);
    if (row == nullptr) {
      faults.add(field, no_such_limit(name));
      continue;
    }
    Result<Limit> limit = limit_from(row->meter, member);
    if (limit) {
      own[row->meter] = *limit;
    } else {
      faults.add(field, limit.error().message);
    }
  }
  TRY(faults.result());
  return own;
}

Json to_json(const LimitsOverride& own) {
  Json json = Json::object();
  for (const MeterRow& row : kMeters) {
    if (own[row.meter]) json.set(row.limit_name, limit_json(row.meter, *own[row.meter]));
  }
  if (!own.own_meters.empty()) {
    Json meters = Json::object();
    for (const auto& [slug, limit] : own.own_meters)
      meters.set(slug, limit ? quantity_json(*limit) : Json{});
    json.set(kOwnMeters, std::move(meters));
  }
  if (!own.effects.empty()) {
    Json effects = Json::object();
    for (const auto& [name, effect] : own.effects) effects.set(name, to_text(effect));
    json.set(kEffects, std::move(effects));
  }
  return json;
}

}  // namespace metergate
