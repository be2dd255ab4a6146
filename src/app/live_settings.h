// LiveSettings: the settings of a running server, read again when the operator asks (SIGHUP). Those
// that may change meanwhile take their new values; of the others the log says that they need a
// restart. Settings that are not sound change nothing.
//
// For one thread at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/log.h"
#include "base/result.h"

namespace metergate {

// The differences between two readings, each as "LOG_LEVEL: info is now debug". Values of secrets
// are left out.
struct SettingsDifference {
  std::vector<std::string> live;   // a running server takes them
  std::vector<std::string> fixed;  // they need a restart
};

SettingsDifference difference(const LoadedConfig& before, const LoadedConfig& after);

class LiveSettings {
 public:
  struct Parts {
    LoadedConfig in_force;
    std::function<Result<LoadedConfig>()> read;
    std::function<void(const Config&)> apply;  // of the live ones
    const Log& log;
  };
  explicit LiveSettings(Parts parts) : parts_(std::move(parts)) {}

  // ErrorCode::invalid: what is not sound; everything stays as it was.
  Result<> reload();

 private:
  Parts parts_;
};

}  // namespace metergate
