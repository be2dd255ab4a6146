#include "http/words/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/words/characters.h"
#include "http/words/head_text.h"

namespace metergate::http {
namespace {

void append_checked(std::string& out, std::string_view name, std::string_view value) {
  if (is_token(name) && is_field_value(value)) append_field(out, name, value);
}

void append_length(std::string& out, const Response& response, const HeadContext& context) {
  if (is_bodiless(response.status)) return;
  if (!response.source) {
    append_field(out, "Content-Length", fmt::format_int(response.body.size()).c_str());
  } else if (context.takes_chunks) {
    out += "Transfer-Encoding: chunked\r\n";
  }
}

}  // namespace

std::optional<std::string> Request::header(std::string_view lower_case_name) const {
  std::optional<std::string> value;
  for (const Header& field : headers) {
    if (field.first != lower_case_name) continue;
    if (value) {
      value->append(", ").append(field.second);
    } else {
      value = field.second;
    }
  }
  return value;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";  // the phrase may be empty
  }
}

bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

HeadContext head_context(const Request& request, const Response& response, Timestamp now) {
  const bool ends_with_connection = response.source && !request.takes_chunks;
  return HeadContext{.request_id = request.request_id,
                     .now = now,
                     .keep_alive = request.keep_alive && !response.close && !ends_with_connection,
                     .takes_chunks = request.takes_chunks};
}

std::string serialize_head(const Response& response, const HeadContext& context) {
  std::string out;
  out.reserve(512);
  append_all(out, {"HTTP/1.1 ", fmt::format_int(response.status).c_str(), " ",
                   reason_of(response.status), "\r\n"});
  append_field(out, "Date", date_of_answer(context.now));
  append_field(out, "Server", "metergate");
  append_field(out, "Connection", context.keep_alive ? "keep-alive" : "close");
  append_checked(out, "X-Request-Id", context.request_id);
  append_field(out, "X-Content-Type-Options", "nosniff");
  for (const Header& field : response.headers) append_checked(out, field.first, field.second);
  append_length(out, response, context);
  out += "\r\n";
  return out;
}

std::string http_date(Timestamp at) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  // Every answer has a date, so it is formatted by hand.
  std::string text{"Day, 00 Mon 0000 00:00:00 GMT"};
  const auto put = [&text](std::size_t end, auto number) {
    for (auto left = static_cast<unsigned>(number); left > 0; left /= 10)
      text[--end] = static_cast<char>('0' + left % 10);
  };
  text.replace(0, 3, kDays[std::chrono::weekday{day}.c_encoding()]);
  put(7, static_cast<unsigned>(date.day()));
  text.replace(8, 3, kMonths[static_cast<unsigned>(date.month()) - 1]);
  put(16, std::clamp(static_cast<int>(date.year()), 0, 9999));
  put(19, time.hours().count());
  put(22, time.minutes().count());
  put(25, time.seconds().count());
  return text;
}

std::string_view date_of_answer(Timestamp now) {
  using Second = std::chrono::time_point<Timestamp::clock, std::chrono::seconds>;
  thread_local Second second = Second::min();
  thread_local std::string text;
  if (const auto of_now = std::chrono::floor<std::chrono::seconds>(now); of_now != second) {
    second = of_now;
    text = http_date(now);
  }
  return text;
}

}  // namespace metergate::http
