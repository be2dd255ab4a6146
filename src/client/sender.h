// The client's thread: takes batches out of the buffer, sends each until all its events are
// settled, and reports problems. Owns the connection. Ends when the buffer is stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/buffer.h"
#include "client/connection.h"
#include "client/verdict.h"

namespace metergate::client {

class Sender {
 public:
  Sender(const ClientOptions& options, Endpoint endpoint, std::unique_ptr<TlsContext> tls,
         Buffer& buffer);

  void run();
  void interrupt() { connection_.interrupt(); }
  void tell(const Problem& problem) const;

 private:
  using Batch = std::vector<std::string>;
  void deliver(Batch batch);
  void settle(std::vector<Batch>& parts, const Verdict& verdict, int status);
  void refuse(const Batch& events, const Verdict& verdict, int status);
  void wait_after_failure(const Verdict& verdict, int status);
  void tell_drops();
  const ClientOptions& options_;
  Buffer& buffer_;
  Connection connection_;
  int failures_ = 0;          // in a row
  std::string told_failure_;  // each is reported once in a row
};

// `first`, doubled with every failure up to `max`, and of that a random part between a half and the
// whole, so that many clients do not return at the same moment.
std::chrono::milliseconds back_off(const ClientOptions& options, int failures,
                                   std::uint64_t random);

}  // namespace metergate::client
