// Opens every service as the app does, with the settings of tests. For tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <utility>

#include "service/testing/test_words_test.h"
#include "service/wiring/service_set.h"

namespace metergate {

inline Result<> any_url(std::string_view) { return {}; }

inline std::unique_ptr<ServiceSet> opened_services(const Clock& clock, const Log& log,
                                                   const BillingRules& rules, Store& store,
                                                   std::string_view plans_toml,
                                                   Webhooks::UrlCheck url_check = any_url) {
  return must(
      ServiceSet::open({.clock = clock,
                        .log = log,
                        .rules = rules,
                        .store = store,
                        .plans_toml = plans_toml,
                        .sessions = {.jwt_secret = "a secret of 32 bytes or more, for tests",
                                     .jwks_text = {},
                                     .issuer = {},
                                     .audience = {}},
                        .url_check = std::move(url_check),
                        .data_folder = ::testing::TempDir(),
                        .about = {"1.2.3", "memory", clock.steady()}}));
}

}  // namespace metergate
