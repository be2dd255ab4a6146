// The control socket's server side: runs commands that other processes send, over the services of
// this one. Only the server's own user can reach the socket (mode 0600).
//
// Request: POST /command, a line of JSON {"name", "arguments", "actor"}, then the command's input.
// Answer: headers Exit-Status and Error-Bytes; the body begins with the command's standard error,
// of that many bytes, followed by its output. Safe from any thread.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "service/wiring/services.h"

namespace metergate {

inline constexpr std::size_t kControlInputBytesMax = 8 * 1024 * 1024;

class Control {
 public:
  static Result<std::unique_ptr<Control>> start(const std::filesystem::path& folder,
                                                Services& services);
  virtual ~Control() = default;  // lets running commands finish
};

}  // namespace metergate
