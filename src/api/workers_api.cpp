// Workers: what each did last and does next.
#include "api/routes.h"
#include "api/system_fields.h"
#include "service/worker_board.h"

namespace metergate::api {
namespace {

Result<Answer> list_workers(Call& call) {
  Json workers = Json::array();
  for (const WorkerStatus& status : call.services.worker_board.all()) {
    workers.push_back(worker_json(status));
  }
  return answer_of(Json::object({{"workers", std::move(workers)}}));
}

}  // namespace

std::vector<Route> workers_routes() {
  return {{.method = "GET",
           .path = "/provider/workers",
           .access = provider_with(Permission::tenants_read),
           .handler = list_workers,
           .query = {},
           .summary = "Show what each worker did last and does next",
           .name = "list_workers",
           .answers = {{&kWorkerList}}}};
}

}  // namespace metergate::api
