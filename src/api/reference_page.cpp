// The page at /docs from the route table: HTML and CSS in one file, without scripts, fonts or
// anything of another host.
#include <fmt/format.h>

#include <algorithm>

#include "api/reference.h"
#include "api/reference_words.h"
#include "base/characters.h"
#include "http/words/problem.h"

namespace metergate::api {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ground:#fbfbfa;--panel:#fff;--ink:#1d1f24;--quiet:#5c6370;
--line:#e3e4e8;
--link:#1f5fbf;--code:#f1f2f4;--get:#1f6f43;--post:#1f5fbf;--patch:#8a5a00;--delete:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#14161a;--panel:#1b1e24;--ink:#e6e8ec;
--quiet:#9aa2b1;
--line:#2c313a;--link:#84b3f7;--code:#242830;--get:#6fcf97;--post:#84b3f7;--patch:#e5b567;
--delete:#f28b82}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI",Roboto,
"Noto Sans",sans-serif;display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1.25rem;
border-right:1px solid var(--line);
font-size:.875rem}
nav ul{list-style:none;margin:.25rem 0 1rem;padding:0}
nav li{margin:.15rem 0}
nav a{display:block;padding:.15rem .5rem;border-radius:.35rem;color:var(--quiet)}
nav a:hover{background:var(--code);color:var(--ink)}
nav b{display:block;padding:0 .5rem}
main{padding:2rem clamp(1rem,4vw,4rem) 6rem;max-width:68rem}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
h1{font-size:2rem;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.4rem;margin:3.5rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:0 0 .35rem;font-weight:600;overflow-wrap:anywhere}
h2+p{color:var(--quiet);margin-top:0}
section{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;
padding:1.1rem 1.25rem;margin:1rem 0}
section p{margin:.3rem 0}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{background:var(--code);padding:.1em .35em;border-radius:.3em}
h3 code{background:none;padding:0;font-size:1rem}
pre{background:var(--code);padding:.75rem 1rem;border-radius:.45rem;overflow:auto;margin:.6rem 0}
pre code{background:none;padding:0}
.method{display:inline-block;min-width:4.2em;font:700 .75rem/1 ui-monospace,monospace;
letter-spacing:.03em}
.get{color:var(--get)}.post{color:var(--post)}.patch,.put{color:var(--patch)}.delete{
color:var(--delete)}
.quiet{color:var(--quiet);font-size:.925rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;
border-bottom:1px solid var(--line)}
th{color:var(--quiet);font-weight:600}
td:first-child{white-space:nowrap}
.must{color:var(--delete);font-size:.8rem}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--quiet)}
@media (max-width:56rem){body{display:block}nav{position:static;height:auto;border-right:0;
border-bottom:1px solid var(--line)}nav ul{columns:2}}
@media print{nav{display:none}body{display:block}section{break-inside:avoid}}
)";

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Text with `code` in it.
std::string html_with_code(std::string_view text) {
  std::string out;
  bool is_code = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('`'), text.size());
    out += html_text(text.substr(0, end));
    if (end == text.size()) break;
    out += is_code ? "</code>" : "<code>";
    is_code = !is_code;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string anchor_of(std::string_view text) {
  std::string out = to_lower(text);
  std::ranges::replace(out, ' ', '-');
  return out;
}

std::string link_to_shape(const Shape& shape) {
  return fmt::format(R"(<a href="#object-{0}">{0}</a>)", shape.name);
}

std::string kind_cell(const Field& field) {
  if (field.shape == nullptr) return html_text(kind_text(field));
  const std::string_view before = field.kind == Kind::list  ? "list of "
                                  : field.kind == Kind::map ? "by name: "
                                                            : "";
  return std::string{before} + link_to_shape(*field.shape);
}

void add_rows(std::span<const Field> fields, std::string_view title, bool is_taken,
              std::string& out) {
  if (fields.empty()) return;
  out += fmt::format(
      "<div class=wide><table><thead><tr><th scope=col>{}<th scope=col>Kind<th scope=col>"
      "Meaning</thead><tbody>",
      title);
  for (const Field& field : fields) {
    out += fmt::format("<tr><td><code>{}</code>", html_text(field.name));
    if (is_taken && field.is_required) out += " <span class=must>required</span>";
    out += fmt::format("<td>{}{}<td>{}", kind_cell(field), field.is_nullable ? ", or null" : "",
                       html_with_code(field.about));
    if (!is_taken && !field.is_required) out += " <span class=quiet>Not always there.</span>";
    if (!field.otherwise.empty())
      out += fmt::format(" <span class=quiet>Default <code>{}</code>.</span>",
                         html_text(field.otherwise));
  }
  out += "</tbody></table></div>";
}

void add_body(const TakenBody& body, std::string& out) {
  if (body.shape == nullptr) return;
  out += fmt::format("<p>Body: {}{}{}", body.is_list ? "a list of " : "",
                     link_to_shape(*body.shape), body.is_optional ? ", or none" : "");
  for (const std::string_view type : body.media_types)
    out += fmt::format(" <code>{}</code>", html_text(type));
  out += fmt::format("<pre><code>{}</code></pre>", html_text(body.example));
  if (!body.is_list && body.media_types.empty()) add_rows(body.shape->fields, "Member", true, out);
}

void add_answers(const Route& route, std::string& out) {
  out += "<p>Answers";
  for (const ShownAnswer& answer : route.answers) {
    out += &answer == &route.answers.front() ? " " : ", ";
    out += fmt::format("<b>{}</b>", answer.status);
    if (answer.shape != nullptr) {
      out += answer.form == Form::bare_list ? " a list of " : " ";
      out += link_to_shape(*answer.shape);
    } else if (answer.form != Form::nothing) {
      out += fmt::format(" <code>{}</code>", media_type_of(answer.form));
    }
  }
  out += "<details><summary>Errors</summary><div class=wide><table><tbody>";
  for (const ErrorCode code : errors_of(route)) {
    out += fmt::format("<tr><td>{} <code>{}</code><td>{}", http::row_of(code).status,
                       http::row_of(code).name, html_with_code(about_error(code)));
  }
  out += "</tbody></table></div></details>";
}

void add_section(const Route& route, std::string& out) {
  out += fmt::format(
      "<section id=\"{0}\"><h3><a href=\"#{0}\"><span class=\"method {1}\">{2}</span></a> "
      "<code>{3}</code></h3><p>{4}.<p class=quiet>{5}.",
      route.name, anchor_of(route.method), route.method, html_text(route.path),
      html_text(route.summary), html_with_code(access_text(route)));
  add_rows(route.query, "Query", true, out);
  add_rows(route.headers, "Header", true, out);
  add_body(route.body, out);
  add_answers(route, out);
  out += "</section>\n";
}

void add_navigation(std::span<const Route> routes, std::string& out) {
  out += "<nav aria-label=\"Routes\"><ul><li><b><a href=\"#top\">Metergate</a></b></ul>";
  for (const TopicRow& topic : reference_topics()) {
    out += fmt::format("<b>{}</b><ul>", topic.name);
    for (const Route& route : routes) {
      if (route.topic == topic.name)
        out += fmt::format("<li><a href=\"#{}\">{}</a>", route.name, html_text(route.summary));
    }
    out += "</ul>";
  }
  out += "<b><a href=\"#objects\">Objects</a></b></nav>\n";
}

}  // namespace

std::string reference_page(std::span<const Route> routes, std::string_view version) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width,initial-scale=1\"><title>Metergate {} · API</title><style>{}"
      "</style></head>\n<body>",
      html_text(version), kStyle);
  add_navigation(routes, out);
  out += fmt::format(
      "<main id=top><h1>Metergate API</h1><p class=quiet>Version {}. For programs: <a "
      "href=\"/openapi.json\">/openapi.json</a>, OpenAPI 3.1.<p>A token or an API key goes into "
      "<code>Authorization: Bearer …</code>. Every answer but a file, <code>/metrics</code> and "
      "those under <code>/api/v1/</code> is an envelope of <code>server_time</code>, "
      "<code>request_id</code>, <code>data</code> and <code>error</code>. An unknown query "
      "parameter or body member is refused by name. Every GET takes <code>after_seq</code>, the "
      "<code>X-Usage-Seq</code> of an earlier answer, has an <code>ETag</code>, and answers HEAD "
      "as well.\n",
      html_text(version));
  for (const TopicRow& topic : reference_topics()) {
    out += fmt::format("<h2 id=\"topic-{}\">{}</h2><p>{}.\n", anchor_of(topic.name), topic.name,
                       html_text(topic.about));
    for (const Route& route : routes) {
      if (route.topic == topic.name) add_section(route, out);
    }
  }
  out += "<h2 id=objects>Objects</h2><p>What bodies and answers are made of.\n";
  for (const ListedShape& listed : shapes_of(routes)) {
    const Shape& shape = *listed.shape;
    out += fmt::format("<section id=\"object-{0}\"><h3>{0}</h3>", shape.name);
    if (!shape.about.empty()) out += fmt::format("<p>{}.", html_text(shape.about));
    add_rows(shape.fields, "Member", listed.is_taken, out);
    if (shape.is_open) out += "<p class=quiet>Further members may come.";
    out += "</section>\n";
  }
  out += "</main></body></html>\n";
  return out;
}

}  // namespace metergate::api
