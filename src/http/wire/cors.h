// CORS: the web pages of other origins that may read Metergate's own answers (the Fetch standard,
// 3.2). An upstream's answers carry the upstream's own fields.
//
// A value; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/words/message.h"

namespace metergate::http {

// True for the request that a browser sends before one that needs permission; it has no token.
bool is_preflight(const Request& request);

class CorsRules {
 public:
  // Reads "https://app.example.com, http://localhost:5173", or "*" alone for any origin, without
  // credentials. ErrorCode::invalid names a part that is not an origin.
  static Result<CorsRules> parse(std::string_view text);

  // Adds the fields that allow the asking page to read the answer, and those that keep caches from
  // giving it to another page.
  void add_fields(const Request& request, Response& response) const;
  // The answer to a preflight for a path with these methods ("GET, HEAD"). ErrorCode::permission
  // for another origin.
  Result<Response> preflight(const Request& request, std::string_view methods) const;

 private:
  bool allows(std::string_view origin) const;
  std::vector<std::string> origins_;
  bool is_any_ = false;
};

}  // namespace metergate::http
