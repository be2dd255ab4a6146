// ServiceSet: builds every service over a store, in order, and destroys them in reverse. The one
// wiring, for the app and for the worlds of tests. Owns the services; borrows what it is given.
// Any thread may use the services.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "service/access/sessions.h"
#include "service/tenants/catalog.h"
#include "service/webhooks/webhooks.h"
#include "service/wiring/services.h"

namespace metergate {

class ServiceSet {
 public:
  struct With {
    const Clock& clock;
    const Log& log;
    const BillingRules& rules;
    Store& store;
    std::string_view plans_toml;
    Catalog::IfFileDiffers if_plans_differ = Catalog::IfFileDiffers::make_versions;
    SessionOptions sessions;
    Webhooks::UrlCheck url_check;
    std::filesystem::path data_folder;  // documents for people are kept below it
    About about{};
  };
  // Logs a line for each plan that the catalogue changes. Fails as the parts that read the store.
  static Result<std::unique_ptr<ServiceSet>> open(With with);
  ~ServiceSet();
  ServiceSet(const ServiceSet&) = delete;
  ServiceSet& operator=(const ServiceSet&) = delete;

  Services& services();

 private:
  struct Opened;
  struct Parts;
  explicit ServiceSet(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace metergate
