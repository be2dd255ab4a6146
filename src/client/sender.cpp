#include "client/sender.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "client/event_text.h"

namespace metergate::client {

using std::chrono::milliseconds;

milliseconds back_off(const ClientOptions& options, int failures, std::uint64_t random) {
  milliseconds pause = std::min(options.retry_first, options.retry_max);
  for (int i = 1; i < failures && pause < options.retry_max; ++i) {
    pause = std::min(pause * 2, options.retry_max);
  }
  const auto half = static_cast<std::uint64_t>(pause.count() / 2);
  return milliseconds(half + random % (half + 1));
}

Sender::Sender(const ClientOptions& options, Endpoint endpoint, std::unique_ptr<TlsContext> tls,
               Buffer& buffer)
    : options_(options),
      buffer_(buffer),
      connection_(std::move(endpoint), options.token, std::move(tls)) {}

void Sender::run() {
  while (true) {
    Batch batch = buffer_.take();
    if (batch.empty()) return;
    deliver(std::move(batch));
    tell_drops();
  }
}

// Sends a batch whole or, if the server does not name the event that it refuses, in parts. The last
// part is sent first, so that there are never more than a few.
void Sender::deliver(Batch batch) {
  std::vector<Batch> parts{std::move(batch)};
  while (!parts.empty() && !buffer_.is_stopped()) {
    const Exchange exchange = connection_.post(batch_text(parts.back()), options_.request_timeout);
    if (buffer_.is_stopped() && !exchange.answer) return;
    const Answer answer = exchange.answer.value_or(Answer{});
    Verdict verdict = judge(answer, parts.back().size());
    if (!exchange.answer) verdict.message = exchange.why;
    settle(parts, verdict, answer.status);
  }
}

void Sender::settle(std::vector<Batch>& parts, const Verdict& verdict, int status) {
  Batch part = std::move(parts.back());
  parts.pop_back();
  switch (verdict.kind) {
    case Verdict::Kind::recorded:
      buffer_.settle(part, Buffer::Outcome::recorded);
      break;
    case Verdict::Kind::again:
    case Verdict::Kind::much_later:
      parts.push_back(std::move(part));
      return wait_after_failure(verdict, status);
    case Verdict::Kind::drop_named:
      refuse(part, verdict, status);
      for (auto fault = verdict.faults.rbegin(); fault != verdict.faults.rend(); ++fault) {
        part.erase(part.begin() + static_cast<std::ptrdiff_t>(fault->index));
      }
      if (!part.empty()) parts.push_back(std::move(part));
      break;
    case Verdict::Kind::halve:
      if (part.size() == 1) {
        Verdict alone = verdict;
        alone.faults = {{0, verdict.message}};
        refuse(part, alone, status);
      } else {
        const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
        parts.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(part.end()));
        part.erase(middle, part.end());
        parts.push_back(std::move(part));
      }
      break;
  }
  failures_ = 0;
  told_failure_.clear();
}

// Refuses the events that the verdict names.
void Sender::refuse(const Batch& events, const Verdict& verdict, int status) {
  for (const NamedFault& fault : verdict.faults) {
    const std::string& event = events[fault.index];
    buffer_.settle({event}, Buffer::Outcome::refused);
    tell({Problem::Kind::refused, 1, status, fault.message, event});
  }
}

void Sender::wait_after_failure(const Verdict& verdict, int status) {
  ++failures_;
  if (told_failure_ != verdict.message) {
    told_failure_ = verdict.message;
    const auto waiting = static_cast<std::size_t>(buffer_.counts().waiting);
    tell({Problem::Kind::retrying, waiting, status, verdict.message, {}});
  }
  tell_drops();
  const bool is_late = verdict.kind == Verdict::Kind::much_later;
  milliseconds pause =
      is_late ? options_.retry_max : back_off(options_, failures_, random_number());
  if (verdict.retry_after) pause = std::max<milliseconds>(pause, *verdict.retry_after);
  buffer_.pause(pause, verdict.retry_after.has_value());
}

void Sender::tell_drops() {
  const std::uint64_t drops = buffer_.take_drops();
  if (drops == 0) return;
  tell({Problem::Kind::buffer_full, static_cast<std::size_t>(drops), 0, "the buffer was full", {}});
}

void Sender::tell(const Problem& problem) const {
  if (options_.on_problem) return options_.on_problem(problem);
  constexpr const char* kNames[] = {"will try again", "refused", "dropped", "not sent"};
  std::fprintf(stderr, "metergate client: %zu event(s) %s: %s %s\n", problem.events,
               kNames[static_cast<std::size_t>(problem.kind)], problem.message.c_str(),
               problem.event.c_str());
}

}  // namespace metergate::client
