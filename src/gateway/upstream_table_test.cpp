#include "gateway/upstream_table.h"

#include <gtest/gtest.h>

namespace metergate::gateway {
namespace {

UpstreamSpec spec(std::string name, std::string path, std::vector<std::string> hosts = {}) {
  UpstreamSpec made = spec_of_url("http://127.0.0.1:1").value();
  made.options.name = std::move(name);
  made.path = std::move(path);
  made.hosts = std::move(hosts);
  return made;
}

std::string found(UpstreamTable& table, std::string_view host, std::string_view path) {
  const auto match = table.find(host, path);
  if (!match) return "none";
  return match->row->upstream->options().name + ":" + std::string{match->tenant};
}

TEST(UpstreamTable, FindsTheTenantInThePath) {
  UpstreamTable table({spec("t", "/api/tenants/{tenant_id}/")});
  EXPECT_EQ(found(table, "h", "/api/tenants/t1/orders/5"), "t:t1");
  EXPECT_EQ(found(table, "", "/api/tenants/t1/"), "t:t1");
}

TEST(UpstreamTable, TakesWholeSegmentsOnly) {
  UpstreamTable table({spec("t", "/api/tenants/{tenant_id}/")});
  for (const char* path :
       {"/", "/api", "/api/tenants", "/api/tenants/", "/api/tenants/t1", "/api/tenants//x",
        "/api/tenantsx/t1/y", "/API/tenants/t1/x", "//api/tenants/t1/x", "/x/api/tenants/t1/x"})
    EXPECT_EQ(found(table, "h", path), "none") << path;
}

TEST(UpstreamTable, PrefersTheHostThenTheLongerPath) {
  UpstreamTable table({spec("all", "/"), spec("short", "/v1/"), spec("long", "/v1/a/"),
                       spec("host", "/", {"api.example.com"})});
  EXPECT_EQ(found(table, "other", "/v1/a/x"), "long:");
  EXPECT_EQ(found(table, "other", "/v1/b"), "short:");
  EXPECT_EQ(found(table, "other", "/v1"), "all:");
  EXPECT_EQ(found(table, "API.example.com:8080", "/v1/a/x"), "host:");
}

TEST(UpstreamTable, ReadsAHostWithoutItsPort) {
  EXPECT_EQ(host_name("a.b:80"), "a.b");
  EXPECT_EQ(host_name("a.b"), "a.b");
  EXPECT_EQ(host_name("[::1]:80"), "[::1]");
  EXPECT_EQ(host_name("[::1]"), "[::1]");
  EXPECT_EQ(host_name(""), "");
}

}  // namespace
}  // namespace metergate::gateway
