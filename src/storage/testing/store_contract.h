// The contract of every engine, as tests that run on each: store_contract_*_test.cpp. This file has
// the engines and helpers of those tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/shapes/store.h"

namespace metergate::contract {

// A store in a place of its own that can be closed and opened again; an engine without a disk keeps
// its state.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Store& store() = 0;
  virtual void reopen() = 0;
};

struct Engine {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>(const TimeZone&)> make;
};

std::vector<Engine> all_engines();

class StoreContract : public testing::TestWithParam<Engine> {
 protected:
  StoreContract() { use_zone("UTC"); }
  void use_zone(std::string_view name) { subject_ = GetParam().make(*TimeZone::find(name)); }
  Store& store() { return subject_->store(); }
  void reopen() { subject_->reopen(); }

  // Applies the batch and expects success.
  Commit apply(Batch batch);
  Json get(Collection collection, const DocumentKey& key);
  std::vector<Json> find(Collection collection, std::string_view filter = "{}",
                         std::string_view sort = "{}", std::int64_t limit = -1);
  Counter counter(std::string_view tenant, std::string_view period);

 private:
  std::unique_ptr<StoreUnderTest> subject_;
};

TenantId tenant(std::string_view text);
Timestamp at(std::string_view text);  // RFC 3339, or a date for its midnight in UTC
Period period(std::string_view text);
Day day(std::string_view text);

UsageEvent call(std::string_view tenant_id, std::string_view id, std::string_view when);
UsageEvent fact(std::string_view tenant_id, std::string_view id, std::string_view when, Fact fact);
Batch events(std::vector<UsageEvent> events);
// One document, written or (nothing) removed, at an instant.
Batch write(Collection collection, DocumentKey key, std::optional<Json> document,
            std::string_view when = "2026-03-10");
// A store of a tenant, with a status.
Batch record(Collection collection, std::string_view tenant_id, std::string_view id,
             std::string_view status, std::string_view when);
AuditRecord audit(std::string_view id, std::string_view tenant_id);

}  // namespace metergate::contract
