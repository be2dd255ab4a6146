// UpstreamSpec: the configuration of one upstream: its requests, its origins, its tenants and its
// endpoints. A value, read from the upstreams file or made from UPSTREAM_URL.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "domain/token_bucket.h"
#include "gateway/endpoint_templates.h"
#include "http/server/upstream.h"

namespace metergate::gateway {

enum class TenantFrom : std::uint8_t { path, claim, api_key, host, header };

// The way to find a request's tenant.
struct TenantRule {
  TenantFrom from = TenantFrom::path;
  std::string claim;                      // of the token; "tenant_id": a tenant's token of ours
  std::string header;                     // in lower case; holds the API key or the tenant
  std::map<std::string, TenantId> keys;   // by the SHA-256 of the key, in hex
  std::map<std::string, TenantId> hosts;  // in lower case, without a port
};

// Paths that pass without a token.
struct OpenPath {
  std::vector<std::string> segments;  // "{anything}" stands for any one
  bool is_beginning = false;          // true: all paths below it; false: exactly this path
  std::vector<std::string> methods;   // empty: all
  std::optional<TenantId> tenant;     // the tenant of the calls; none: they are not metered
  bool takes(std::string_view method, std::string_view path) const;
};

struct UpstreamSpec {
  std::string path = "/api/tenants/{tenant_id}/";  // a prefix by segments, ends with '/'
  std::vector<std::string> hosts;                  // empty: any; in lower case, without a port
  TenantRule tenant;
  std::vector<OpenPath> open;
  RequestRate open_rate{.per_second = 100, .burst = 1'000};  // of one address without a token
  EndpointTemplates templates;
  http::UpstreamOptions options;
};

// The spec for UPSTREAM_URL: everything below /api/tenants/{tenant_id}/ goes to this origin.
Result<UpstreamSpec> spec_of_url(std::string_view url);

// ErrorCode::invalid if two of them take the same requests.
Result<> check_apart(const std::vector<UpstreamSpec>& specs);

// Reads a file that the upstreams file names, by that name.
using ReadNamedFile = std::function<Result<std::string>(const std::string& name)>;

// The upstreams file (docs/gateway.md). ErrorCode::invalid names the upstream, the key and what is
// allowed.
Result<std::vector<UpstreamSpec>> parse_upstreams(std::string_view toml,
                                                  const ReadNamedFile& read_file);

// The names of the other files that an upstreams file names; empty if it cannot be read.
std::vector<std::string> files_named_in(std::string_view toml);

}  // namespace metergate::gateway
