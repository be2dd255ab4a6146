// Imports an access log: its lines become events, a thousand at a time; what cannot be read or is
// refused is set aside with its reason, and the rest goes on. For the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/access_log.h"
#include "app/commands/command.h"
#include "app/front.h"
#include "app/input_file.h"
#include "app/log_tenants.h"
#include "app/output_file.h"

namespace metergate {

struct LogTotals {
  std::int64_t recorded = 0;
  std::int64_t known = 0;
  std::int64_t left_out = 0;  // they bill nobody
  std::int64_t refused = 0;
};

// The file of --rejects: a JSON object for each line that is not recorded. Without a name, the
// first few reasons are printed.
class LogRejects {
 public:
  static Result<std::unique_ptr<LogRejects>> open(const std::string& path, std::ostream& err);
  void add(const std::string& file, std::size_t number, std::string_view line,
           std::string_view reason);
  Result<> finish();

 private:
  LogRejects(std::unique_ptr<OutputFile> file, std::ostream& err)
      : file_(std::move(file)), err_(err) {}
  std::unique_ptr<OutputFile> file_;  // nullptr: none
  std::ostream& err_;
  std::size_t shown_ = 0;
};

struct LogImport {
  Folder& folder;
  LogFormat format;
  const LogTenants& tenants;
  std::string source;
  const TimeZone& zone;
  LogRejects& rejects;
  LogTotals& totals;
  std::function<void()> show;  // called after each chunk

  // ErrorCode::storage for an input that breaks off; otherwise what stops the whole import.
  Result<> run(const std::string& name, InputFile& input) const;
};

}  // namespace metergate
