#include "app/run_store_command.h"

#include <fmt/format.h>

#include <ostream>

#include "app/command_line.h"
#include "app/exit_status.h"
#include "storage/shapes/store.h"

namespace metergate {

int run_store_command(const StoreCall& call, Services& services, Streams streams) {
  const CommandRow* row = find_command(call.name);
  if (row == nullptr || row->make_store == nullptr) {
    streams.err << fmt::format("metergate: this version has no command {} to run on a store\n",
                               call.name);
    return kExitUsage;
  }
  const auto command = row->make_store();
  CommonOptions common;
  if (const auto done = parse_words(*row, *command, call.arguments, streams, common)) return *done;
  StoreContext context{.services = services,
                       // A caller that can reach the folder could write to it anyway.
                       .actor = {.name = call.actor,
                                 .ip = {},
                                 .user_agent = "metergate",
                                 .request_id = {},
                                 .rights = Permissions::all()},
                       .streams = streams};
  const auto status = command->run(context);
  services.store.wait_durable(services.store.head());
  if (status) return *status;
  print_error(call.name, status.error(), streams.err);
  const bool is_about_words = status.error().code == ErrorCode::invalid;
  return is_about_words ? kExitUsage : kExitFailed;
}

}  // namespace metergate
