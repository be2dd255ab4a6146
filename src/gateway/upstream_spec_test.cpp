#include "gateway/upstream_spec.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/testing/outbound_receiver_test.h"

namespace metergate::gateway {
namespace {

Result<std::string> no_file(const std::string& name) {
  return fail(ErrorCode::invalid, name + " cannot be read");
}

std::vector<UpstreamSpec> read(std::string_view toml) {
  auto specs = parse_upstreams(toml, no_file);
  EXPECT_TRUE(specs) << specs.error().message;
  return specs ? *std::move(specs) : std::vector<UpstreamSpec>{};
}

std::string refusal(std::string_view toml) {
  const auto specs = parse_upstreams(toml, no_file);
  return specs ? "" : specs.error().message;
}

// The refusal of an upstream that is valid except for these lines.
std::string refusal_of(std::string_view lines) {
  return refusal("[[upstream]]\nname = \"a\"\nurls = [\"http://h:1\"]\n" + std::string{lines});
}

TEST(UpstreamSpec, OfAUrlTakesTheTenantsPaths) {
  const auto spec = spec_of_url("http://127.0.0.1:3000");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->path, "/api/tenants/{tenant_id}/");
  EXPECT_EQ(spec->options.origins.front().port, 3000);
  EXPECT_EQ(spec->options.tls, nullptr);
  EXPECT_FALSE(spec_of_url("ftp://a"));
}

TEST(UpstreamSpec, OfAnHttpsUrlTrustsTheSystemsCertificates) {
  const auto spec = spec_of_url("https://api.example.com");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->options.origins.front().is_secure);
  EXPECT_NE(spec->options.tls, nullptr);
}

TEST(UpstreamSpec, MayNameTheCertificatesThatItTrusts) {
  const std::string pem = http::Receiver::Tls{"a.example"}.pem();
  const auto read_file = [&](const std::string& name) -> Result<std::string> {
    if (name == "ca.pem") return pem;
    return "no certificate";
  };
  const auto parse = [&](std::string_view url, std::string_view file) {
    return parse_upstreams(
        fmt::format("[[upstream]]\nname = \"a\"\nurls = [\"{}\"]\nca_file = \"{}\"\n", url, file),
        read_file);
  };
  const auto specs = parse("https://a.example", "ca.pem");
  ASSERT_TRUE(specs) << specs.error().message;
  EXPECT_NE(specs->front().options.tls, nullptr);
  EXPECT_EQ(parse("https://a.example", "other.pem").error().message,
            "upstream 'a', ca_file: 'other.pem': it holds no certificates in PEM");
  EXPECT_EQ(parse("http://a.example", "ca.pem").error().message,
            "upstream 'a', ca_file: is for urls that begin with https://");
}

TEST(UpstreamSpec, MayNameHeadersThatPass) {
  const auto specs = read(
      "[[upstream]]\nname = \"a\"\nurls = [\"http://h:1\"]\n"
      "pass_headers = [\"X-HTTP-Method-Override\"]");
  EXPECT_EQ(specs.front().options.passed_fields,
            std::vector<std::string>{"x-http-method-override"});
  for (const char* name : {"X-Own", "Connection", "Via", "Forwarded", "Host"}) {
    const std::string why = refusal_of(fmt::format("pass_headers = [\"{}\"]", name));
    EXPECT_NE(why.find("none of the headers that are kept back"), std::string::npos) << name;
  }
}

TEST(UpstreamSpec, MayHaveOpenPaths) {
  const auto specs = read(R"(
    [[upstream]]
    name = "a"
    urls = ["http://h:1"]
    path = "/v1/{tenant_id}/"
    open = [{ path = "/v1/{any}/public/" }, { path = "/v1/{any}/login", methods = ["GET"] }]
  )");
  const OpenPath& below = specs.front().open.at(0);
  EXPECT_TRUE(below.takes("POST", "/v1/t1/public/x/y"));
  EXPECT_TRUE(below.takes("GET", "/v1/t1/public/"));
  for (const char* path :
       {"/v1/t1/public", "/v1//public/x", "/v1/t1/publicly/x", "/v2/t1/public/x"})
    EXPECT_FALSE(below.takes("GET", path)) << path;
  const OpenPath& exact = specs.front().open.at(1);
  EXPECT_TRUE(exact.takes("HEAD", "/v1/t1/login")) << "whoever may GET";
  for (const char* path : {"/v1/t1/login/", "/v1/t1/login/x", "/v1/t1", "/v1/t1/logins"})
    EXPECT_FALSE(exact.takes("GET", path)) << path;
  EXPECT_FALSE(exact.takes("POST", "/v1/t1/login"));
  for (const char* lines :
       {"open = [{ path = \"/elsewhere/\" }]", "open = [{ path = \"login\" }]", "open = 1",
        "open = [{ path = \"/api/tenants/{t}/../x\" }]", "open = [{ paths = \"/a\" }]",
        "open = [{ path = \"/api/tenants/{t}/x\", tenant = \"a b\" }]"})
    EXPECT_NE(refusal_of(lines), "") << lines;
}

TEST(UpstreamSpec, KnowsWhichFilesItNames) {
  EXPECT_EQ(files_named_in("[[upstream]]\nopenapi = \"a.json\"\nca_file = \"b.pem\"\n"
                           "[[upstream]]\nname = \"c\""),
            (std::vector<std::string>{"a.json", "b.pem"}));
  EXPECT_TRUE(files_named_in("[[upstream").empty());
}

TEST(UpstreamSpec, IsReadFromAFile) {
  const auto specs = read(R"(
    [[upstream]]
    name = "shop"
    urls = ["http://10.0.0.1:3000", "http://[::1]"]
    path = "/v2/orgs/{tenant_id}/"
    hosts = ["API.example.com"]
    pass_host = true
    health_path = "/healthz"
    connections_max = 7
    open_rate = { per_second = 5, burst = 20 }
    idle_timeout_ms = 1500
    request_bytes_max = 1000

    [[upstream]]
    name = "keys"
    urls = ["http://10.0.0.2"]
    path = "/"
    [upstream.tenant]
    from = "api_key"
    header = "X-Key"
    [upstream.tenant.keys]
    "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" = "tenant_1"
  )");
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].options.origins[1].host, "::1");
  EXPECT_EQ(specs[0].options.origins[1].authority, "[::1]");
  EXPECT_EQ(specs[0].hosts.front(), "api.example.com");
  EXPECT_TRUE(specs[0].options.keeps_host);
  EXPECT_EQ(specs[0].options.connections_max, 7U);
  EXPECT_EQ(specs[0].open_rate, (RequestRate{.per_second = 5, .burst = 20}));
  EXPECT_EQ(specs[1].open_rate, (RequestRate{.per_second = 100, .burst = 1'000}));
  EXPECT_EQ(specs[0].options.idle_timeout, Milliseconds{1500});
  EXPECT_EQ(specs[1].tenant.from, TenantFrom::api_key);
  EXPECT_EQ(specs[1].tenant.header, "x-key");
  EXPECT_EQ(specs[1].tenant.keys.begin()->second.text(), "tenant_1");
}

TEST(UpstreamSpec, FindsTenantsByClaimAndHost) {
  const auto specs = read(R"(
    [[upstream]]
    name = "claim"
    urls = ["http://a"]
    path = "/v1/"
    tenant = { from = "claim", claim = "org" }
    [[upstream]]
    name = "host"
    urls = ["http://a"]
    path = "/v2/"
    [upstream.tenant]
    from = "host"
    [upstream.tenant.hosts]
    "Acme.example.com" = "acme"
  )");
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].tenant.claim, "org");
  EXPECT_EQ(specs[1].tenant.hosts.at("acme.example.com").text(), "acme");
}

TEST(UpstreamSpec, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(refusal_of("pth = \"/\"\n"), "upstream 'a', pth: there is no such key");
  for (const char* bad : {"open_rate = 5", "open_rate = { per_second = 5 }",
                          "open_rate = { per_second = 0, burst = 5 }",
                          "open_rate = { per_second = 5, burst = 5, more = 1 }"})
    EXPECT_EQ(
        refusal_of(std::string{bad} + "\n"),
        "upstream 'a', open_rate: must be { per_second = N, burst = N }, whole numbers from 1 "
        "to 1000000")
        << bad;
  EXPECT_EQ(refusal_of("connections_max = 0\n"),
            "upstream 'a', connections_max: must be a whole number from 1 to 10000");
  EXPECT_EQ(refusal_of("health_path = \"x\"\n"),
            "upstream 'a', health_path: must be a path such as /healthz");
  for (const char* lines :
       {"path = \"v1/{tenant_id}/\"\n", "path = \"/{tenant_id}\"\n",
        "path = \"/a//{tenant_id}/\"\n", "path = \"/v1/\"\n", "tenant = { from = \"claim\" }\n",
        "tenant = { from = \"guess\" }\n", "tenant = 1\n", "tenant = { form = \"path\" }\n",
        "hosts = []\n", "pass_host = 1\n", "idle_timeout_ms = \"5\"\n", "openapi = \"none.json\"\n",
        "path = \"/\"\ntenant = { from = \"api_key\", keys = { secret = \"t\" } }\n",
        "path = \"/\"\ntenant = { from = \"host\", hosts = { h = \"no id!\" } }\n"})
    EXPECT_TRUE(refusal_of(lines).starts_with("upstream 'a', ")) << lines << refusal_of(lines);
}

TEST(UpstreamSpec, NeedsANameAndAnAddressForEach) {
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("[[upstream]]\n"), "");
  EXPECT_NE(refusal("[[upstream]]\nname = \"a\"\n"), "");
  EXPECT_NE(refusal("[[upstream]]\nname = \"a\"\nurls = [\"ftp://a\"]\n"), "");
  EXPECT_NE(refusal("x = 1\n[[upstream]]\nname = \"a\"\nurls = [\"http://a\"]\n"), "");
  EXPECT_TRUE(refusal("[[upstream\n").starts_with("line 1"));
  const std::string one = "[[upstream]]\nname = \"a\"\nurls = [\"http://a\"]\n";
  EXPECT_EQ(refusal(one + one), "upstream 'a', name: stands in the file twice");
}

TEST(UpstreamSpec, RefusesTwoForTheSameRequests) {
  std::vector<UpstreamSpec> specs(2);
  specs[0].options.name = "a";
  specs[1].options.name = "b";
  EXPECT_FALSE(check_apart(specs));
  specs[0].hosts = {"x"};
  EXPECT_TRUE(check_apart(specs));
  specs[1].hosts = {"y", "x"};
  EXPECT_FALSE(check_apart(specs));
  specs[1].path = "/other/{tenant_id}/";
  EXPECT_TRUE(check_apart(specs));
}

}  // namespace
}  // namespace metergate::gateway
