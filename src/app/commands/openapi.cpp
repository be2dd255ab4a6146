// The description of the HTTP API, without a server: what /openapi.json and /docs answer.
#include <CLI/CLI.hpp>
#include <ostream>

#include "api/reference.h"
#include "app/build_facts.h"
#include "app/commands/command.h"
#include "app/exit_status.h"

namespace metergate {
namespace {

class OpenApi final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("--format", format_, "json, markdown or html")
        ->check(CLI::IsMember({"json", "markdown", "html"}));
  }

  Result<int> run(LocalContext& context) override {
    const std::vector<api::Route> routes = api::all_routes();
    std::ostream& out = context.streams.out;
    if (format_ == "markdown") {
      out << api::reference_markdown(routes);
    } else if (format_ == "html") {
      out << api::reference_page(routes, kVersion);
    } else {
      out << api::openapi_text(routes, kVersion) << '\n';
    }
    return kExitDone;
  }

 private:
  std::string format_ = "json";
};

}  // namespace

std::unique_ptr<LocalCommand> make_openapi() { return std::make_unique<OpenApi>(); }

}  // namespace metergate
