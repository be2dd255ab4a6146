// Reference: the route table written out, as OpenAPI, as a page and as Markdown.
//
// It says nothing that the table does not. Each text is made once, when it is first asked for, and
// kept. Any thread.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "api/routes.h"

namespace metergate::api {

// OpenAPI 3.1 in JSON, a page of HTML that needs nothing else, and what docs/api.md is.
std::string openapi_text(std::span<const Route> routes, std::string_view version);
std::string reference_page(std::span<const Route> routes, std::string_view version);
std::string reference_markdown(std::span<const Route> routes);

class Reference {
 public:
  // `routes` outlive it.
  Reference(std::span<const Route> routes, std::string version)
      : routes_(routes), version_(std::move(version)) {}
  const std::string& openapi() const;
  const std::string& page() const;

 private:
  const std::span<const Route> routes_;
  const std::string version_;
  mutable std::once_flag openapi_once_;
  mutable std::string openapi_;
  mutable std::once_flag page_once_;
  mutable std::string page_;
};

}  // namespace metergate::api
