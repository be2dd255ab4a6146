// The control socket's server side: runs the commands that other processes send, over the services
// of this one. Only the server's own user reaches the socket (mode 0600).
//
// Asked: POST /command, a line of JSON {"name", "arguments", "actor"}, then the command's input.
// Answered: headers Exit-Status and Error-Bytes; the body is what the command wrote to standard
// error, that many bytes, and then its output. Any thread.
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
  virtual ~Control() = default;  // lets commands under way finish
};

}  // namespace metergate
