// CORS: which web pages of other origins may read the answers that Metergate makes itself (the
// Fetch standard, 3.2). What an upstream answers is the upstream's own business.
//
// A value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/words/message.h"

namespace metergate::http {

// What a browser asks before a request that a page may not send unasked: it carries no token.
bool is_preflight(const Request& request);

class CorsRules {
 public:
  // "https://app.example.com, http://localhost:5173", or "*" alone: any, but none with credentials.
  // ErrorCode::invalid names the part that is no origin.
  static Result<CorsRules> parse(std::string_view text);

  // The fields by which the page that asks may read the answer, and those that keep caches from
  // giving it to another.
  void add_fields(const Request& request, Response& response) const;
  // The answer to a preflight for a path that takes these methods ("GET, HEAD").
  // ErrorCode::permission: the origin is none of ours.
  Result<Response> preflight(const Request& request, std::string_view methods) const;

 private:
  bool allows(std::string_view origin) const;
  std::vector<std::string> origins_;
  bool is_any_ = false;
};

}  // namespace metergate::http
