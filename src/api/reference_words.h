// The words about a route that all documents of the API share: OpenAPI, the page and docs/api.md.
// Functions of constant data; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/routes.h"

namespace metergate::api {

struct TopicRow {
  std::string_view name;
  std::string_view about;
};
std::span<const TopicRow> reference_topics();

// A value in a path: "{tenant_id}".
struct PathValueRow {
  std::string_view name;
  std::string_view about;
  std::string_view example;
};
// nullptr: there is no such row, which a test tells.
const PathValueRow* find_path_value(std::string_view name);
// The names in the path's braces, in their order.
std::vector<std::string_view> path_value_names(std::string_view path);

// Every error that the route may answer: its own, and those of its kind of route.
std::vector<ErrorCode> errors_of(const Route& route);
// "a field, a parameter or the body is wrong; `details.errors` names each"
std::string_view about_error(ErrorCode code);

// "A provider's token with `billing.read`".
std::string access_text(const Route& route);
// "text, 3 to 500 characters", "whole number, 1 to 200", "one of: open, resolved".
std::string kind_text(const Field& field);
std::string_view media_type_of(Form form);

// The shapes that the routes answer and take, and those in them, each once, by name.
struct ListedShape {
  const Shape* shape;
  bool is_taken;  // in a body: then no other member is taken
};
std::vector<ListedShape> shapes_of(std::span<const Route> routes);

}  // namespace metergate::api
