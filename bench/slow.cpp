// Holds slow connections, from one thread:
//
//   bench_slow head --port P …   each sends a byte of a head once a second
//   bench_slow body --port P …   …of a body
//   bench_slow read --port P …   each reads 64 bytes of its answer a second
//
// Prints `ready` when all --connections have begun to send, or to read. Opens a new connection for
// each that the server closes, and prints one line of JSON after --seconds, or at SIGTERM.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <vector>

#include "caller.h"

namespace {

using Clock = std::chrono::steady_clock;
using Moment = Clock::time_point;
using Seconds = std::chrono::duration<double>;

constexpr int kSlowReceiveBytes = 4096;
constexpr std::size_t kSlowReadBytes = 64;
constexpr int kTicks = 100;  // each moves once in that many ticks of 10 ms

volatile std::sig_atomic_t is_to_end = 0;
extern "C" void end(int) { is_to_end = 1; }

class SlowOnes {
 public:
  SlowOnes(std::string_view kind, const Options& options)
      : kind_(kind),
        options_(options),
        sockets_(options.connections),
        has_begun_(options.connections),
        is_answered_(options.connections) {
    if (kind == "head") first_ = head_of(options, "GET") + "X-Slow: ";
    if (kind == "body")
      first_ = head_of(options, "POST") +
               "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n[";
    if (kind == "read") first_ = head_of(options, "GET") + "\r\n";
  }

  void run() {
    const Moment start = Clock::now();
    const Seconds all{options_.seconds};
    bool is_ready = false;
    for (int tick = 0; is_to_end == 0 && Clock::now() - start < all; ++tick) {
      for (std::size_t i = static_cast<std::size_t>(tick % kTicks); i < sockets_.size();
           i += kTicks)
        move(i);
      if (!is_ready && has_all_begun()) {
        is_ready = true;
        fmt::print("ready\n");
        std::fflush(stdout);
      }
      const Moment next = start + std::chrono::milliseconds{10} * (tick + 1);
      if (const auto left = next - Clock::now(); left.count() > 0)
        ::usleep(static_cast<unsigned>(left / std::chrono::microseconds{1}));
    }
  }

  void print() const {
    std::string statuses;
    for (const auto& [status, count] : statuses_)
      statuses += fmt::format("{}\"{}\": {}", statuses.empty() ? "" : ", ", status, count);
    fmt::print("{{\"opened\": {}, \"ended\": {}, \"resets\": {}, \"answered\": {{{}}}}}\n", opened_,
               ended_, resets_, statuses);
  }

 private:
  bool has_all_begun() const {
    return std::ranges::count(kind_ == "read" ? is_answered_ : has_begun_, false) == 0;
  }

  void move(std::size_t number) {
    auto& socket = sockets_[number];
    if (socket == nullptr) {
      socket = std::make_unique<Socket>(options_.port, kind_ == "read" ? kSlowReceiveBytes : 0);
      ++opened_;
      has_begun_[number] = is_answered_[number] = false;
      return;
    }
    if (!has_begun_[number]) {
      has_begun_[number] = socket->send(first_) > 0;
    } else if (kind_ != "read") {
      socket->send("a");
    }
    std::array<char, kSlowReadBytes> some{};
    const ssize_t got = socket->receive(some.data(), some.size());
    if (got > 0) {
      if (!is_answered_[number]) take_status({some.data(), static_cast<std::size_t>(got)}, number);
      return;
    }
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    ++(got == 0 ? ended_ : resets_);
    socket.reset();
  }

  // A refused connection asks again on a new one.
  void take_status(std::string_view answer, std::size_t number) {
    ++statuses_[std::string{answer.substr(0, 12)}];
    is_answered_[number] = answer.starts_with("HTTP/1.1 200");
    if (!is_answered_[number]) sockets_[number].reset();
  }

  const std::string_view kind_;
  const Options options_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<bool> has_begun_, is_answered_;
  std::map<std::string, std::size_t> statuses_;
  std::string first_;
  std::size_t opened_ = 0, ended_ = 0, resets_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  if (kind != "head" && kind != "body" && kind != "read") give_up("say head, body or read");
  std::signal(SIGTERM, end);
  SlowOnes ones(kind, read_options(argc - 1, argv + 1));
  ones.run();
  ones.print();
  return 0;
}
