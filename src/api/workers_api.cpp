// Workers: the last and next run of each.
#include "api/routes.h"
#include "api/system_fields.h"
#include "service/upkeep/worker_board.h"

namespace metergate::api {
namespace {

Result<Answer> list_workers(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort = reader.sort();
  TRY(reader.finish());
  std::vector<Json> workers;
  for (const WorkerStatus& status : call.services.worker_board.all()) {
    workers.push_back(worker_json(status));
  }
  return answer_of(list_json("workers", std::move(workers), page, sort));
}

}  // namespace

std::vector<Route> workers_routes() {
  return {{.method = "GET",
           .path = "/provider/workers",
           .access = provider_with(Permission::tenants_read),
           .handler = list_workers,
           .query = kWorkersQuery,
           .summary = "Show what each worker did last and does next",
           .name = "list_workers",
           .answers = {{&kWorkerList}}}};
}

}  // namespace metergate::api
