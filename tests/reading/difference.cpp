// Holds the readers of heads and bodies against those of before: mutated requests, pipelines,
// chunked bodies and answers must be taken or refused alike, with the same code, and read alike.
//
//     reading_difference [--rounds N] [--seed N]
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/wire/answer_reader.h"
#include "http/wire/parser.h"
#include "reading/former_readers.h"

namespace metergate::http {
namespace {

struct Options {
  std::size_t rounds = 50'000;
  std::uint64_t seed = 20'260'305;
};

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "reading_difference: {}\n", why);
  std::exit(1);
}

const std::vector<std::string>& requests() {
  static const std::vector<std::string> kSeeds = {
      "GET /api/tenants/t/orders/7?a=b HTTP/1.1\r\nHost: "
      "a.example:80\r\nUser-Agent: x/1.0\r\n"
      "Accept: */*\r\nAuthorization: Bearer a.b.c\r\nX-Request-Id: r-1\r\n\r\n",
      "POST /e HTTP/1.1\r\nHost: a\r\nContent-Type: "
      "application/json\r\nContent-Length: 5\r\n\r\n"
      "abcdeGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: "
      "X\r\n\r\n"
      "5;a=\"b\";c\r\nabcde\r\n2\r\nfg\r\n0;x=y\r\nX: 1\r\nY: 2\r\n\r\nGET / "
      "HTTP/1.0\r\n\r\n",
      "PUT / HTTP/1.1\r\nHost: [::1]:8080\r\nExpect: "
      "100-continue\r\nConnection: keep-alive, "
      "Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
      "GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\nProxy-Connection: "
      "close\r\n\r\n\r\n"
      "HEAD / HTTP/1.0\r\nConnection: close\r\n\r\n",
      "DELETE /caf%C3%A9 HTTP/1.1\r\nHost:a\r\nX: caf\xC3\xA9\r\nCookie: \t "
      "a=b; c=d \t\r\n\r\n",
  };
  return kSeeds;
}

const std::vector<std::string>& answers() {
  static const std::vector<std::string> kSeeds = {
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
      "5\r\n"
      "Date: Thu, 05 Mar 2026 10:30:00 GMT\r\nServer: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: "
      "keep-alive\r\n"
      "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n",
      "HTTP/1.0 404 Not Found\r\nConnection: close\r\nX : spaced\r\n\r\n",
      "HTTP/1.1 204\r\nRetry-After: 7\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\nConnection: "
      "keep-alive, Upgrade\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "upgrade\r\n\r\n",
  };
  return kSeeds;
}

const std::vector<std::string>& own_answers() {
  static const std::vector<std::string> kSeeds = {
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: 1\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\nRetry-After: 7\r\n\r\n",
      "HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nnothing here",
  };
  return kSeeds;
}

// Makes messages that are nearly right, in one of many ways.
class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t seed)
      : seeds_(seeds), random_(seed) {}

  std::size_t below(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_);
  }
  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t left = below(5); left > 0 && !text.empty(); --left) mutate(text);
    return text;
  }

 private:
  void mutate(std::string& text) {
    const std::size_t at = below(text.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(text.size() - at, 12));
    switch (below(7)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text[at] = kMarks[below(kMarks.size())];
        break;
      case 2:
        text.erase(at, count);
        break;
      case 3:
        text.insert(at, text.substr(at, count));
        break;
      case 4:
        text.insert(at, kWords[below(std::size(kWords))]);
        break;
      case 5:
        insert_line(text, at);
        break;
      default:
        text.replace(at, count, 1, kMarks[below(kMarks.size())]);
    }
  }

  void insert_line(std::string& text, std::size_t at) {
    const std::size_t end = text.find("\r\n", at);
    if (end == std::string::npos) return;
    const std::string line = below(2) == 0 ? kLines[below(std::size(kLines))] : other_line();
    text.insert(end + 2, line + "\r\n");
  }

  std::string other_line() {
    const std::string& other = seeds_[below(seeds_.size())];
    const std::size_t begin = other.find("\r\n", below(other.size()));
    if (begin == std::string::npos) return {};
    return other.substr(begin + 2, other.find("\r\n", begin + 2) - begin - 2);
  }

  static constexpr std::string_view kMarks{"\r\n\t \0:;,=\"\\/\x7F\x80\xFF()[]{}@-_0159afAFzZ", 40};
  static constexpr const char* kWords[] = {
      "\r\n",     "\r\n\r\n",  "\n",
      "\r",       " ",         "chunked",
      "close",    "0\r\n\r\n", "HTTP/1.0",
      "HTTP/1.1", ";a=\"b\"",  ";a=b ;c",
      ";\"",      "http://",   "https://a/",
      ", ,",      "upgrade",   "5\r\n",
      "FFFFFFFF", "00000000",  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
  static constexpr const char* kLines[] = {"Content-Length: 5",
                                           "content-length: 05",
                                           "Content-Length: 5, 5",
                                           "Host: b",
                                           "Content-Length:",
                                           "Connection: a b",
                                           "Connection: ,,a,",
                                           "Connection: \"a\"",
                                           "Connection: close",
                                           "Expect: 100-Continue",
                                           "Expect: x",
                                           "X: 1",
                                           "Proxy-Connection: @",
                                           "Transfer-Encoding: chunked",
                                           "Transfer-Encoding: gzip, chunked",
                                           "Transfer-Encoding : chunked",
                                           " folded",
                                           "\tfolded",
                                           ": none",
                                           "Content-Length: 99999999999999999999",
                                           "Content-Length: +5",
                                           "no colon"};

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

std::string framing_text(const auto& framing) {
  return std::to_string(framing.content_length) + (framing.is_chunked ? " chunked" : "") +
         (framing.keep_alive ? " kept" : "") + (framing.expects_continue ? " asks" : "");
}

// Everything that a reader makes of the bytes, as a text.
template <class Parser>
std::string read_requests(Parser&& parser, const std::string& bytes, std::size_t step) {
  std::string seen;
  std::string input;
  std::size_t given = 0;
  bool is_head_seen = false;
  while (given < bytes.size()) {
    input += bytes.substr(given, step);
    given += step;
    while (true) {
      const Result<std::size_t> taken = parser.take(input);
      if (!taken) {
        // The parts that are known decide how the refusal looks.
        return seen + "refused " + std::to_string(static_cast<int>(taken.error().code)) + " at " +
               std::to_string(given) + parser.head().method + " " + parser.head().target;
      }
      input.erase(0, *taken);
      if (parser.has_head() && !is_head_seen) {
        is_head_seen = true;
        const auto& head = parser.head();
        seen += head.method + "|" + head.target + "|" + std::to_string(head.version_minor) + "|" +
                framing_text(parser.framing());
        for (const auto& [name, value] : head.headers) seen += "|" + name + "=" + value;
      }
      seen += "<" + parser.take_body() + ">" + std::to_string(parser.bytes());
      if (parser.is_complete()) {
        seen += " complete\n";
        parser.reset();
        is_head_seen = false;
      } else if (*taken == 0) {
        break;
      }
      if (input.empty()) break;
    }
  }
  return seen;
}

void compare(const std::string& now, const std::string& before, const std::string& bytes) {
  if (now != before)
    give_up(fmt::format("read differently:\n{}\nnow:\n{}\nbefore:\n{}", bytes, now, before));
}

// Nothing that matters was compared if nearly all were refused, or none.
void expect_some_of_both(const Options& options, std::size_t taken) {
  if (taken <= options.rounds / 10 || taken >= options.rounds - options.rounds / 10)
    give_up(fmt::format("{} of {} mutations were taken", taken, options.rounds));
}

void compare_requests(const Options& options) {
  Mutator mutator(requests(), options.seed);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < options.rounds; ++i) {
    const std::string bytes = mutator.next();
    const std::size_t step = mutator.below(3) == 0 ? 1 + mutator.below(40) : bytes.size() + 1;
    const std::size_t head_max = mutator.below(4) == 0 ? 150 : 1024;
    const bool stops = mutator.below(2) == 0;
    const std::string now = read_requests(RequestParser{{head_max, 4096, stops}}, bytes, step);
    compare(now, read_requests(former::RequestParser{{head_max, 4096, stops}}, bytes, step), bytes);
    if (now.find("refused") == std::string::npos) ++taken;
  }
  expect_some_of_both(options, taken);
}

std::string head_text(const auto& parsed, const auto& head) {
  if (!parsed) return "refused " + std::to_string(static_cast<int>(parsed.error().code));
  std::string seen = std::to_string(head.status) + "|" + std::to_string(head.version_minor) + "|" +
                     std::string{head.reason};
  for (const auto& field : head.fields)
    seen += "|" + std::string{field.name} + "=" + std::string{field.value};
  for (const bool answers_head : {false, true}) {
    const auto framing = framing_of(head, answers_head);
    seen += framing
                ? "\n" + std::to_string(static_cast<int>(framing->body)) + " " +
                      std::to_string(framing->length) + " " + std::to_string(framing->keep_alive) +
                      " " + std::to_string(framing->said_length.value_or(-1))
                : "\nrefused " + std::to_string(static_cast<int>(framing.error().code));
  }
  return seen;
}

void compare_answers(const Options& options) {
  Mutator mutator(answers(), options.seed);
  ResponseHead now;
  former::ResponseHead before;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < options.rounds; ++i) {
    std::string bytes = mutator.next();
    bytes.resize(std::min(bytes.size(), bytes.find("\r\n\r\n") + 4));
    const std::string seen = head_text(parse_response_head(bytes, now), now);
    compare(seen, head_text(former::parse_response_head(bytes, before), before), bytes);
    if (!seen.starts_with("refused")) ++taken;
  }
  expect_some_of_both(options, taken);
}

struct OwnAnswer {
  std::string head;  // empty: it was refused, or is not whole
  std::string body;  // likewise
};

template <class Reader>
OwnAnswer read_answer(const std::string& bytes, std::size_t step) {
  Reader reader;
  bool is_refused = false;
  for (std::size_t at = 0; at < bytes.size() && !is_refused; at += step)
    is_refused = !reader.take(std::string_view{bytes}.substr(at, step));
  if (!reader.has_head()) return {};
  OwnAnswer answer;
  answer.head = fmt::format("{} {}", reader.status(), reader.retry_after().value_or("-"));
  if (!is_refused) answer.body = fmt::format("{} {}", reader.is_complete(), reader.excerpt());
  return answer;
}

// Both take heads here that the other refuses: the former one folded fields, the present one spaces
// before a colon and a Connection that is no list. Whatever both take they must read alike, but for
// extensions of chunks, which the present one passes over.
void compare_own_answers(const Options& options) {
  Mutator mutator(own_answers(), options.seed);
  std::size_t taken = 0;
  for (std::size_t i = 0; i < options.rounds; ++i) {
    const std::string bytes = mutator.next();
    const std::size_t step = mutator.below(2) == 0 ? 1 + mutator.below(40) : bytes.size() + 1;
    const OwnAnswer now = read_answer<AnswerReader>(bytes, step);
    if (now.head.empty()) continue;
    const OwnAnswer before = read_answer<former::AnswerReader>(bytes, step);
    if (before.head.empty()) continue;
    compare(now.head, before.head, bytes);
    const bool has_extension = bytes.find(';') != bytes.npos;
    if (now.body.empty() || before.body.empty() || has_extension) continue;
    compare(now.body, before.body, bytes);
    ++taken;
  }
  expect_some_of_both(options, taken);
}

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view text = i + 1 < argc ? argv[i + 1] : "";
    std::uint64_t number = 0;
    const bool is_number =
        std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
    if (!is_number || (name != "--rounds" && name != "--seed"))
      give_up("say --rounds N or --seed N");
    (name == "--seed" ? options.seed : options.rounds) = number;
  }
  return options;
}

}  // namespace
}  // namespace metergate::http

int main(int argc, char** argv) {
  using namespace metergate::http;
  const Options options = options_of(argc, argv);
  compare_requests(options);
  compare_answers(options);
  compare_own_answers(options);
  fmt::print(
      "{0} requests, {0} answers of upstreams and {0} answers to us were read as before "
      "(seed {1})\n",
      options.rounds, options.seed);
}
