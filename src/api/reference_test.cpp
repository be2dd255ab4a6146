// The rows say all that the documents need, and the documents say what the rows say.
#include "api/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "api/reference_words.h"
#include "api/testing/api_world_test.h"
#include "base/characters.h"
#include "http/words/problem.h"

namespace metergate::api {
namespace {

std::string label_of(const Route& route) {
  return std::string{route.method} + " " + std::string{route.path};
}

TEST(Rows, HaveANameOfTheirOwnATopicAndAnAnswer) {
  std::set<std::string_view> names;
  for (const Route& route : all_routes()) {
    EXPECT_TRUE(names.insert(route.name).second && !route.name.empty()) << label_of(route);
    EXPECT_TRUE(std::ranges::any_of(reference_topics(), [&](const TopicRow& topic) {
      return topic.name == route.topic;
    })) << label_of(route);
    EXPECT_FALSE(route.answers.empty()) << label_of(route);
  }
}

TEST(Rows, SayWhatStandsInTheirPaths) {
  for (const Route& route : all_routes()) {
    for (const std::string_view name : path_value_names(route.path))
      EXPECT_NE(find_path_value(name), nullptr) << label_of(route) << " " << name;
  }
}

TEST(Rows, NameEachParameterAndMemberOnce) {
  const auto check = [](std::span<const Field> fields, const std::string& where) {
    std::set<std::string_view> names;
    for (const Field& field : fields) {
      EXPECT_TRUE(names.insert(field.name).second && !field.name.empty()) << where << field.name;
      const bool has_words =
          field.kind == Kind::choice || field.kind == Kind::choices || field.kind == Kind::sort;
      EXPECT_EQ(has_words, !field.words.empty()) << where << " " << field.name;
      if (field.kind == Kind::object) {
        EXPECT_NE(field.shape, nullptr) << where << field.name;
      }
    }
  };
  const std::vector<Route> routes = all_routes();
  for (const Route& route : routes) check(route.query, label_of(route));
  std::set<std::string_view> shapes;
  for (const ListedShape& listed : shapes_of(routes)) {
    EXPECT_TRUE(shapes.insert(listed.shape->name).second) << listed.shape->name;
    check(listed.shape->fields, std::string{listed.shape->name});
  }
}

TEST(Rows, HaveAnExampleThatTheirReaderTakes) {
  for (const Route& route : all_routes()) {
    if (route.body.shape == nullptr) continue;
    const Result<Json> example = parse_json(route.body.example);
    ASSERT_TRUE(example) << label_of(route) << ": " << example.error().message;
    if (!example->is_object() || !route.body.media_types.empty()) continue;
    const Result<> read = BodyReader{*example, route.body.shape->fields}.finish();
    EXPECT_TRUE(read) << label_of(route) << ": " << read.error().message;
  }
}

// Every sort that the table offers is one that the service takes.
TEST(Rows, OfferOnlyWhatIsTaken) {
  ApiWorld world;
  const auto dispatcher = Dispatcher::create(all_routes(), world.services).value();
  const std::string token = world.provider_token({"*"});
  int asked = 0;
  for (const Route& route : all_routes()) {
    if (route.method != "GET" || route.path.find('{') != route.path.npos) continue;
    for (const Field& field : route.query) {
      for (const std::string_view word : field.words) {
        const std::string line =
            label_of(route) + "?" + std::string{field.name} + "=" + std::string{word};
        const auto response = ask(*dispatcher, request_for(line, token));
        ASSERT_TRUE(response) << line;
        EXPECT_EQ(response->status, 200) << line << ": " << response->body;
        ++asked;
      }
    }
  }
  EXPECT_GT(asked, 60);
}

TEST(OpenApi, HasEveryRouteWithItsErrorsAndPermission) {
  const std::vector<Route> routes = all_routes();
  const Json document = parse_json(openapi_text(routes, "1.2.3")).value();
  EXPECT_EQ(document.string_at("openapi"), "3.1.0");
  std::size_t operations = 0;
  for (const auto& [path, item] : document.find("paths")->as_object())
    operations += item.as_object().size();
  EXPECT_EQ(operations, routes.size());
  for (const Route& route : routes) {
    const std::string method = to_lower(route.method);
    const Json* item = document.find("paths")->find(route.path);
    ASSERT_NE(item, nullptr) << label_of(route);
    const Json* operation = item->find(method);
    ASSERT_NE(operation, nullptr) << label_of(route);
    EXPECT_EQ(operation->string_at("description")->find(access_text(route)), 0U);
    const std::string responses = to_text(*operation->find("responses"));
    for (const ErrorCode code : errors_of(route))
      EXPECT_NE(responses.find(http::row_of(code).name), std::string::npos) << label_of(route);
  }
}

TEST(OpenApi, PointsOnlyAtWhatIsThere) {
  const std::string text = openapi_text(all_routes(), "1");
  const Json document = parse_json(text).value();
  constexpr std::string_view kBefore = R"("$ref":"#/components/)";
  std::size_t count = 0;
  for (std::size_t at = text.find(kBefore); at != text.npos; at = text.find(kBefore, at + 1)) {
    const std::size_t begin = at + kBefore.size();
    const std::string target = text.substr(begin, text.find('"', begin) - begin);
    const std::size_t slash = target.find('/');
    const Json* group = document.find("components")->find(target.substr(0, slash));
    ASSERT_NE(group, nullptr) << target;
    EXPECT_NE(group->find(target.substr(slash + 1)), nullptr) << target;
    ++count;
  }
  EXPECT_GT(count, 100U);
}

class ReferenceRoutes : public testing::Test {
 protected:
  http::Response get(const std::string& path, std::vector<http::Header> headers = {}) {
    http::Request request = request_for("GET " + path);
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    return ask(*dispatcher_, std::move(request)).value();
  }
  static std::string header_of(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
};

TEST_F(ReferenceRoutes, AnswerWithoutATokenByTagAndCompressed) {
  for (const char* path : {"/openapi.json", "/docs"}) {
    const http::Response whole = get(path);
    EXPECT_EQ(whole.status, 200) << path;
    const std::string tag = header_of(whole, "ETag");
    ASSERT_NE(tag, "") << path;
    EXPECT_EQ(get(path, {{"if-none-match", tag}}).status, 304) << path;
    const http::Response coded = get(path, {{"accept-encoding", "gzip"}});
    EXPECT_EQ(header_of(coded, "Content-Encoding"), "gzip") << path;
    EXPECT_LT(coded.body.size() * 4, whole.body.size()) << path;
  }
  EXPECT_EQ(get("/openapi.json").body, openapi_text(all_routes(), world_.services.about.version));
}

TEST_F(ReferenceRoutes, ThePageRunsNothingAndAsksNobody) {
  const http::Response page = get("/docs");
  EXPECT_EQ(header_of(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(header_of(page, "Content-Security-Policy").find("default-src 'none'"),
            std::string::npos);
  for (const char* text : {"<script", "http://", "https://e.", "src=", "@import", "url("})
    EXPECT_EQ(page.body.find(text), std::string::npos) << text;
  for (const Route& route : all_routes())
    EXPECT_NE(page.body.find("id=\"" + std::string{route.name} + "\""), std::string::npos);
}

TEST(ApiMarkdown, IsWhatTheTablePrints) {
  std::ifstream file(std::string{METERGATE_SOURCE_DIR} + "/docs/api.md");
  std::stringstream kept;
  kept << file.rdbuf();
  EXPECT_TRUE(kept.str() == reference_markdown(all_routes()))
      << "docs/api.md is old; print it: metergate openapi --format markdown > docs/api.md";
}

}  // namespace
}  // namespace metergate::api
