// docs/api.md from the route table.
#include <fmt/format.h>

#include <algorithm>

#include "api/reference.h"
#include "api/reference_words.h"
#include "base/characters.h"
#include "http/words/problem.h"

namespace metergate::api {
namespace {

constexpr std::string_view kMarkdownTitle = "# Routes\n\n";
constexpr std::string_view kMarkdownOrigin =
    "Printed from the route table by `metergate openapi --format markdown`; a test compares. The "
    "same as OpenAPI 3.1 is at `/openapi.json` and printed by `metergate openapi`; as a page it is "
    "at `/docs`.";
constexpr std::string_view kMarkdownHead =
    "A token or an API key goes into `Authorization: Bearer …`. Every answer but a file, "
    "`/metrics` and those under `/api/v1/` is an envelope of `server_time`, `request_id`, `data` "
    "and `error`. An unknown query parameter or body member is refused by name. Every GET takes "
    "`after_seq`, the `X-Usage-Seq` of an earlier answer, and answers HEAD as well.";
constexpr std::size_t kLineMax = 120;

// A paragraph in lines that are not too long.
std::string in_lines(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && column + 1 + end > kLineMax) {
      out += '\n';
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
  return out;
}

// A cell of a table may not hold what divides cells.
std::string table_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string field_notes(const Field& field, bool is_taken) {
  std::string notes{field.about};
  const auto add = [&notes](std::string_view more) {
    if (!notes.empty()) notes += "; ";
    notes += more;
  };
  if (is_taken && field.is_required) add("**required**");
  if (!is_taken && !field.is_required) add("not always there");
  if (field.is_nullable) add("may be null");
  if (!field.otherwise.empty()) add(fmt::format("default `{}`", field.otherwise));
  return notes;
}

void print_fields(std::span<const Field> fields, std::string_view title, bool is_taken,
                  std::string& out) {
  if (fields.empty()) return;
  out += fmt::format("\n| {} | Kind | |\n|---|---|---|\n", title);
  for (const Field& field : fields) {
    out += fmt::format("| `{}` | {} | {} |\n", field.name, table_cell(kind_text(field)),
                       table_cell(field_notes(field, is_taken)));
  }
}

// GitHub makes "TenantBilling" the anchor #tenantbilling.
std::string markdown_link(const Shape& shape) {
  return fmt::format("[{}](#{})", shape.name, to_lower(shape.name));
}

void print_body(const TakenBody& body, std::string& out) {
  if (body.shape == nullptr) return;
  out +=
      fmt::format("\nBody: {}{}{}, such as\n\n```json\n{}\n```\n", body.is_list ? "a list of " : "",
                  markdown_link(*body.shape), body.is_optional ? ", or none" : "", body.example);
  if (body.media_types.empty()) return;
  std::string types = "Media types:";
  for (const std::string_view type : body.media_types) types += fmt::format(" `{}`", type);
  out += "\n" + in_lines(types);
}

void print_answers(const Route& route, std::string& out) {
  out += "\nAnswers:";
  for (const ShownAnswer& answer : route.answers) {
    out += &answer == &route.answers.front() ? " " : ", ";
    out += fmt::format("{}", answer.status);
    if (answer.shape != nullptr) {
      out += answer.form == Form::bare_list ? " a list of " : " ";
      out += markdown_link(*answer.shape);
    } else if (answer.form != Form::nothing) {
      out += fmt::format(" `{}`", media_type_of(answer.form));
    }
  }
  out += ".\n";
  if (route.errors.empty()) return;
  std::string own = "Errors of its own:";
  for (const ErrorCode code : route.errors) {
    own += code == route.errors.front() ? " " : ", ";
    own += fmt::format("`{}` ({})", http::row_of(code).name, about_error(code));
  }
  out += "\n" + in_lines(own + ".");
}

void print_route(const Route& route, std::string& out) {
  out += fmt::format("\n### {} {}\n\n", route.method, route.path);
  out += in_lines(fmt::format("{}. {}.", route.summary, access_text(route)));
  print_fields(route.query, "Query", true, out);
  print_fields(route.headers, "Header", true, out);
  print_body(route.body, out);
  print_answers(route, out);
}

void print_shape(const ListedShape& listed, std::string& out) {
  const Shape& shape = *listed.shape;
  out += fmt::format("\n### {}\n", shape.name);
  if (!shape.about.empty()) out += fmt::format("\n{}.\n", shape.about);
  print_fields(shape.fields, "Member", listed.is_taken, out);
  if (shape.is_open) out += "\nFurther members may come.\n";
}

}  // namespace

std::string reference_markdown(std::span<const Route> routes) {
  std::string out{kMarkdownTitle};
  out += in_lines(kMarkdownOrigin) + "\n" + in_lines(kMarkdownHead);
  for (const TopicRow& topic : reference_topics()) {
    out += fmt::format("\n## {}\n\n{}.\n", topic.name, topic.about);
    for (const Route& route : routes) {
      if (route.topic == topic.name) print_route(route, out);
    }
  }
  out += "\n## Objects\n\nIn alphabetical order.\n";
  for (const ListedShape& listed : shapes_of(routes)) print_shape(listed, out);
  return out;
}

}  // namespace metergate::api
