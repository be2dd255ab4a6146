// A fixture that calls some routes as a client does and takes the envelope apart.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/api_world_test.h"

namespace metergate::api {

class Asking : public testing::Test {
 protected:
  struct Reply {
    int status = 0;
    Json data;
    std::string code;
    std::string message;
  };

  explicit Asking(std::vector<Route> routes)
      : dispatcher_(Dispatcher::create(std::move(routes), world_.services).value()) {}

  Reply ask_with(const std::string& token, const std::string& line, const std::string& body = {}) {
    http::Request request = request_for(line, token);
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    const auto response = api::ask(*dispatcher_, std::move(request));
    EXPECT_TRUE(response) << line;
    if (!response) return {};
    const Json envelope = body_of(*response);
    const Json* data = envelope.find("data");
    return Reply{response->status, data == nullptr ? Json() : *data, error_of(*response),
                 message_of(*response)};
  }
  Reply ask(const std::string& line, const std::string& body = {}) {
    return ask_with(token_, line, body);
  }
  // The values of one member of each record in a list: "s1 s2 ".
  std::string values(const std::string& line, const std::string& list, const std::string& name) {
    const Reply reply = ask(line);
    EXPECT_EQ(reply.status, 200) << line << ": " << reply.message;
    const Json* records = reply.data.find(list);
    if (records == nullptr) return "no list";
    std::string text;
    for (const Json& record : records->as_array()) {
      text += record.string_at(name).value_or("?") + " ";
    }
    return text;
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::string token_;  // used by ask()
};

}  // namespace metergate::api
