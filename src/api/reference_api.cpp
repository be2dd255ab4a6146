// The API's own description: /openapi.json for programs, /docs for people.
#include "api/reference.h"
#include "base/check.h"

namespace metergate::api {
namespace {

Answer document_answer(const std::string& text, std::string_view media_type) {
  Answer answer;
  http::Response& response = answer.whole.emplace();
  response.headers.emplace_back("Content-Type", media_type);
  response.body = text;
  return answer;
}

Result<Answer> show_openapi(Call& call) {
  CHECK(call.reference != nullptr);  // the dispatcher has one
  return document_answer(call.reference->openapi(), "application/json");
}

Result<Answer> show_page(Call& call) {
  CHECK(call.reference != nullptr);  // the dispatcher has one
  Answer answer = document_answer(call.reference->page(), "text/html; charset=utf-8");
  // Nothing is run or fetched, whatever may ever stand in the page.
  answer.whole->headers.emplace_back("Content-Security-Policy",
                                     "default-src 'none'; style-src 'unsafe-inline'; "
                                     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  answer.whole->headers.emplace_back("X-Content-Type-Options", "nosniff");
  return answer;
}

}  // namespace

const std::string& Reference::openapi() const {
  std::call_once(openapi_once_, [this] { openapi_ = openapi_text(routes_, version_); });
  return openapi_;
}

const std::string& Reference::page() const {
  std::call_once(page_once_, [this] { page_ = reference_page(routes_, version_); });
  return page_;
}

std::vector<Route> reference_routes() {
  const Access open = open_to_everybody();
  return {
      {.method = "GET",
       .path = "/openapi.json",
       .access = open,
       .handler = show_openapi,
       .query = {},
       .summary = "Show this API as OpenAPI 3.1",
       .name = "show_openapi",
       .answers = {{nullptr, 200, Form::json_text}}},
      {.method = "GET",
       .path = "/docs",
       .access = open,
       .handler = show_page,
       .query = {},
       .summary = "Show this API as a page",
       .name = "show_docs",
       .answers = {{nullptr, 200, Form::html}}},
  };
}

}  // namespace metergate::api
