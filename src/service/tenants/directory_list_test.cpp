#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

std::string ids(const TenantPage& page) {
  std::string text;
  for (const auto& record : page.tenants) text += record->tenant.id.text() + " ";
  return text;
}

struct Town : TestWorld {
  Town() {
    clock.advance(std::chrono::minutes{1});
    add("a", "premium");
    clock.advance(std::chrono::minutes{1});
    directory->add({tenant_id("b"), "Adventure PARK", "premium", {}}, actor).value();
    directory->change(tenant_id("a"), {{}, "suspended", {}}, actor).value();
  }
  TenantPage list(const TenantQuery& query) const { return directory->list(query); }
};

TEST(DirectoryList, WithoutAFilterAllTenantsByIdAreThere) {
  const Town town;
  const TenantPage page = town.list({});
  EXPECT_EQ(page.total, 4);
  EXPECT_EQ(ids(page), "a b tenant_1 tenant_2 ");
}

TEST(DirectoryList, SearchLooksIntoIdAndNameIgnoringCase) {
  const Town town;
  EXPECT_EQ(ids(town.list({.search = "park"})), "b ");
  EXPECT_EQ(ids(town.list({.search = "TENANT_2"})), "tenant_2 ");
  EXPECT_EQ(ids(town.list({.search = "nothing like it"})), "");
}

TEST(DirectoryList, AFilterTakesSeveralValues) {
  const Town town;
  EXPECT_EQ(town.list({.plan = "premium,free,basic,enterprise"}).total, 4);
  EXPECT_EQ(ids(town.list({.plan = "enterprise,premium"})), "a b ");
  EXPECT_EQ(ids(town.list({.plan = "premium", .status = "suspended,active"})), "a b ");
}

TEST(DirectoryList, FiltersHoldTogether) {
  const Town town;
  EXPECT_EQ(ids(town.list({.plan = "premium"})), "a b ");
  EXPECT_EQ(ids(town.list({.plan = "premium", .status = "suspended"})), "a ");
  EXPECT_EQ(ids(town.list({.plan = "enterprise"})), "");
}

TEST(DirectoryList, SortsBothWaysAndByIdAmongEquals) {
  const Town town;
  EXPECT_EQ(ids(town.list({.sort = "-tenant_id"})), "tenant_2 tenant_1 b a ");
  EXPECT_EQ(ids(town.list({.sort = "name"})), "b a tenant_1 tenant_2 ");
  EXPECT_EQ(ids(town.list({.sort = "created_at"})), "tenant_1 tenant_2 a b ");
  EXPECT_EQ(ids(town.list({.sort = "-created_at"})), "b a tenant_2 tenant_1 ");
}

TEST(DirectoryList, PagesCoverEachTenantOnce) {
  const Town town;
  EXPECT_EQ(ids(town.list({.page = 1, .limit = 3})), "a b tenant_1 ");
  EXPECT_EQ(ids(town.list({.page = 2, .limit = 3})), "tenant_2 ");
  const TenantPage beyond = town.list({.page = 3, .limit = 3});
  EXPECT_EQ(ids(beyond), "");
  EXPECT_EQ(beyond.total, 4);
}

}  // namespace
}  // namespace metergate
