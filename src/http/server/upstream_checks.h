// UpstreamChecks: checks the health of each target of each upstream by the clock, and looks its
// name up again. A thread for each upstream checks one target after another, with a time limit for
// each.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "http/server/upstream.h"

namespace metergate::http {

// Succeeds if the target accepts a connection, with TLS if its origin is https, and, if the
// upstream has a health path, answers a GET of it with a status from 200 to 399. An error names the
// fault. At most `connect_timeout` for each step.
Result<> try_target(const Upstream& upstream, const Upstream::Target& target);

class UpstreamChecks {
 public:
  UpstreamChecks(std::vector<std::shared_ptr<Upstream>> upstreams, const Log& log);
  ~UpstreamChecks();
  UpstreamChecks(const UpstreamChecks&) = delete;
  UpstreamChecks& operator=(const UpstreamChecks&) = delete;

  void start();
  // One round over all targets of one upstream.
  void check(Upstream& upstream) const;

 private:
  void check_until_stopped(Upstream& upstream);
  const std::vector<std::shared_ptr<Upstream>> upstreams_;
  const Log& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace metergate::http
