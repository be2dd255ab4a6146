// The currency of a data folder, checked when the program opens the folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "app/app.h"
#include "app/command_line.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"
#include "storage/shapes/store.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

class FolderCurrency : public testing::Test {
 protected:
  // Makes a folder with this currency, with a closed month or with a tenant only.
  void fill(const std::string& currency, bool closes) {
    const Config config = config_of(currency);
    ManualClock clock{*parse_timestamp("2026-02-01T00:00:00Z")};
    const Log log{clock, LogLevel::error};
    auto app = App::open(config, *read_app_files(config), {.clock = clock, .log = log});
    ASSERT_TRUE(app) << app.error().message;
    Services& services = (*app)->services();
    ASSERT_TRUE(services.directory.add({*TenantId::parse("acme"), "Acme", "free", {}},
                                       {"ann", "", "", ""}));
    clock.set(*parse_timestamp("2026-03-10T12:00:00Z"));
    if (closes) {
      ASSERT_TRUE(services.aggregation.tick());
    }
    services.store.wait_durable(services.store.head());
  }
  // The output of a command that opens the folder itself.
  std::pair<int, std::string> command(const std::string& currency) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const Config config = config_of(currency);
    Folder folder(config, Folder::IfMissing::refuse);
    const int status = folder.run("find", {"tenants"}, {in, out, err});
    return {status, out.str() + err.str()};
  }
  Config config_of(const std::string& currency) {
    return load_config({.flags = {{"DATA_DIR", (folder_.path() / "data").string()},
                                  {"BILLING_CURRENCY", currency}},
                        .environment = {},
                        .file = {}})
        ->config;
  }
  TestFolder folder_;
};

TEST_F(FolderCurrency, AnotherOneIsRefusedOnceAStatementIsFrozen) {
  fill("EUR", true);
  EXPECT_EQ(command("EUR").first, kExitDone);
  const auto [status, said] = command("JPY");
  EXPECT_EQ(status, kExitConfiguration);
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  EXPECT_NE(said.find("BILLING_CURRENCY is JPY"), std::string::npos) << said;
  EXPECT_NE(said.find("frozen in EUR"), std::string::npos) << said;
  EXPECT_EQ(command("EUR").first, kExitDone) << "nothing was written by who was refused";
}

TEST_F(FolderCurrency, AnotherOneIsTakenBefore) {
  fill("EUR", false);
  EXPECT_EQ(command("JPY").first, kExitDone);
}

}  // namespace
}  // namespace metergate
