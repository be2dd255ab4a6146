// Workers: the last and next run of each.
#include "api/routes.h"
#include "service/upkeep/worker_board.h"

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
  return {{"GET",
           "/provider/workers",
           provider_with(Permission::tenants_read),
           list_workers,
           {},
           false,
           "Show what each worker did last and does next"}};
}

}  // namespace metergate::api
