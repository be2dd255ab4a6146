// The text of a catalogue of plans in which each rate is 1. For tests.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace metergate {

// Limits are written as in the file: 5, "0.5" in quotes, "unlimited" in quotes.
struct WrittenPlan {
  std::string_view name;
  std::string_view stores = "1";
  std::string_view devices = "1";
  std::string_view api_calls = "1";
  std::string_view webhooks = "1";
  std::string_view storage_gb = "1";
  std::string_view more{};  // tables of the plan besides its limits
};

inline std::string catalogue_of(std::initializer_list<WrittenPlan> plans) {
  std::string text =
      "[rates]\nstores_count = 1\ndevices_count = 1\napi_calls = 1\nwebhook_calls = 1\n"
      "storage_gb = 1\n";
  for (const WrittenPlan& plan : plans) {
    text += fmt::format(
        "[[plan]]\nname = \"{}\"\n[plan.limits]\nmax_stores = {}\nmax_devices = {}\n"
        "max_api_calls_per_month = {}\nmax_webhooks_per_month = {}\nmax_storage_gb = {}\n{}\n",
        plan.name, plan.stores, plan.devices, plan.api_calls, plan.webhooks, plan.storage_gb,
        plan.more);
  }
  return text;
}

}  // namespace metergate
