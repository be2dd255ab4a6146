// Sends more requests than a server can handle, from one thread with epoll. An open loop: a request
// is due every 1/R seconds, whatever became of the earlier ones, on an idle connection or a new
// one:
//
//   bench_flood --port P --token T --rate R [--connections 64] [--seconds 5] [--path /…]
//               [--batch N]     events, N to a request; without it GET requests
//
// At most --connections are open. A request that is due while all of them wait for an answer is
// left out. Prints one line of JSON.
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <vector>

#include "caller.h"

namespace {

using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kDrain{5};  // for requests under way after the last one is sent
constexpr std::size_t kDigits = 9;

// One request. A batch of events gets new digits in its ids each time.
class RequestText {
 public:
  explicit RequestText(const Options& options, std::size_t connection) {
    if (options.batch == 0) {
      text_ = head_of(options, "GET") + "\r\n";
      return;
    }
    char time[32];
    const std::time_t now = std::time(nullptr);
    std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
    const std::string mark = fmt::format("{}{}-", options.prefix, connection);
    std::string events = "[";
    for (std::size_t i = 0; i < options.batch; ++i) {
      events += fmt::format(
          R"({}{{"subject":"tenant_{}","id":"{}{}","source":"bench","specversion":"1.0",)"
          R"("type":"api.call","time":"{}","data":{{"method":"GET","endpoint":"/orders",)"
          R"("status":200,"request_bytes":120,"response_bytes":800,"duration_ms":12}}}})",
          i > 0 ? "," : "", i % options.tenants, mark, std::string(kDigits, '0'), time);
    }
    events += ']';
    text_ = head_of(options, "POST") +
            fmt::format(
                "Content-Type: application/cloudevents-batch+json\r\nContent-Length: {}\r\n\r\n{}",
                events.size(), events);
    const std::string sign = "\"id\":\"" + mark;
    for (std::size_t at = text_.find(sign); at != std::string::npos; at = text_.find(sign, at + 1))
      ids_.push_back(at + sign.size());
  }
  const std::string& next() {
    for (const std::size_t at : ids_) {
      std::size_t left = sent_++;
      for (std::size_t digit = kDigits; digit-- > 0; left /= 10)
        text_[at + digit] = static_cast<char>('0' + left % 10);
    }
    return text_;
  }

 private:
  std::string text_;
  std::vector<std::size_t> ids_;
  std::size_t sent_ = 0;
};

// One caller of the open loop: idle, or with a request under way.
struct Caller {
  std::unique_ptr<Socket> socket;
  std::unique_ptr<RequestText> request;
  std::string answer;
  std::string_view left;  // to be sent
  Moment since;
  bool is_waiting = false;
};

struct Tally {
  std::size_t due = 0, sent = 0, accepted = 0, accepted_in_time = 0, refused = 0, resets = 0,
              closes = 0, unanswered = 0, without_retry_after = 0, opened = 0;
  std::map<int, std::size_t> statuses;
  std::vector<double> accepted_ms, refused_ms;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

class OpenLoop {
 public:
  explicit OpenLoop(const Options& options)
      : options_(options), epoll_(::epoll_create1(0)), callers_(options.connections) {
    // Costly preparations happen before the clock starts.
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      callers_[i].request = std::make_unique<RequestText>(options_, i);
      free_.push_back(callers_.size() - 1 - i);
    }
  }

  void run() {
    start_ = Clock::now();
    end_ = start_ + std::chrono::duration_cast<Clock::duration>(Seconds{options_.seconds});
    while (Clock::now() < end_) {
      send_due();
      wait();
    }
    const Moment last = Clock::now() + std::chrono::duration_cast<Clock::duration>(kDrain);
    while (waiting_ > 0 && Clock::now() < last) wait();
    tally_.unanswered = waiting_;
  }

  void print() {
    std::string statuses;
    for (const auto& [status, count] : tally_.statuses)
      statuses += fmt::format("{}\"{}\": {}", statuses.empty() ? "" : ", ", status, count);
    fmt::print(
        "{{\"due\": {}, \"sent\": {}, \"accepted\": {}, \"accepted_in_time\": {}, "
        "\"refused\": {}, \"resets\": {}, \"closes\": {}, \"unanswered\": {}, "
        "\"without_retry_after\": {}, \"opened\": {}, \"seconds\": {}, \"p50\": {:.3f}, "
        "\"p99\": {:.3f}, \"refused_p99\": {:.3f}, \"statuses\": {{{}}}}}\n",
        tally_.due, tally_.sent, tally_.accepted, tally_.accepted_in_time, tally_.refused,
        tally_.resets, tally_.closes, tally_.unanswered, tally_.without_retry_after, tally_.opened,
        options_.seconds, percentile(tally_.accepted_ms, 0.5), percentile(tally_.accepted_ms, 0.99),
        percentile(tally_.refused_ms, 0.99), statuses);
  }

 private:
  void send_due() {
    const Seconds passed = Clock::now() - start_;
    const auto due = static_cast<std::size_t>(passed.count() * options_.rate);
    for (; tally_.due < due && !free_.empty(); ++tally_.due) begin(free_.back());
    tally_.due = due;  // all callers are busy; later requests would wait even longer
  }

  void begin(std::size_t number) {
    free_.pop_back();
    Caller& caller = callers_[number];
    if (caller.socket == nullptr) {
      caller.socket = std::make_unique<Socket>(options_.port);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLET;
      event.data.u64 = number;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, caller.socket->descriptor(), &event);
      ++tally_.opened;
    }
    caller.answer.clear();
    caller.left = caller.request->next();
    caller.since = Clock::now();
    caller.is_waiting = true;
    ++waiting_;
    ++tally_.sent;
    send_more(caller);
  }

  static void send_more(Caller& caller) {
    while (!caller.left.empty()) {
      const ssize_t sent = caller.socket->send(caller.left);
      if (sent < 0) return;  // full, or broken, which reading will show
      caller.left.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void wait() {
    std::array<epoll_event, 512> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1);
    for (int i = 0; i < count; ++i) {
      Caller& caller = callers_[events[static_cast<std::size_t>(i)].data.u64];
      if (caller.socket == nullptr) continue;
      if (caller.is_waiting) send_more(caller);
      receive(caller);
    }
  }

  void receive(Caller& caller) {
    std::array<char, 16 * 1024> buffer{};
    while (caller.socket != nullptr) {
      const ssize_t got = caller.socket->receive(buffer.data(), buffer.size());
      if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
      if (got > 0 && caller.is_waiting) {
        caller.answer.append(buffer.data(), static_cast<std::size_t>(got));
        take_answer(caller);
        continue;
      }
      if (caller.is_waiting) {
        ++(got == 0 ? tally_.closes : tally_.resets);
        end_exchange(caller);
      }
      caller.socket.reset();
    }
  }

  static std::string_view field(std::string_view head, std::string_view name) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) return {};
    const std::size_t from = at + name.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }

  void take_answer(Caller& caller) {
    const std::string_view answer = caller.answer;
    const std::size_t end = answer.find("\r\n\r\n");
    if (end == std::string_view::npos) return;
    const std::string_view head = answer.substr(0, end + 2);
    const std::string_view length_text = field(head, "\r\nContent-Length: ");
    std::size_t length = 0;
    std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    if (answer.size() < end + 4 + length) return;
    int status = 0;
    std::from_chars(head.data() + 9, head.data() + 12, status);
    const std::chrono::duration<double, std::milli> took = Clock::now() - caller.since;
    ++tally_.statuses[status];
    if (status < 300) {
      ++tally_.accepted;
      if (Clock::now() < end_) ++tally_.accepted_in_time;
      tally_.accepted_ms.push_back(took.count());
    } else {
      ++tally_.refused;
      tally_.refused_ms.push_back(took.count());
      if (field(head, "\r\nRetry-After: ").empty()) ++tally_.without_retry_after;
    }
    const bool stays = caller.left.empty() && field(head, "\r\nConnection: ") != "close";
    end_exchange(caller);
    if (!stays) caller.socket.reset();
  }

  void end_exchange(Caller& caller) {
    caller.is_waiting = false;
    --waiting_;
    free_.push_back(static_cast<std::size_t>(&caller - callers_.data()));
  }

  const Options options_;
  const int epoll_;
  std::vector<Caller> callers_;
  std::vector<std::size_t> free_;
  std::size_t waiting_ = 0;
  Moment start_, end_;
  Tally tally_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  OpenLoop loop(options);
  loop.run();
  loop.print();
  return 0;
}
