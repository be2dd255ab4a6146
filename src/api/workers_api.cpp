// Workers: the last and next run of each.
#include "api/routes.h"
#include "service/upkeep/worker_board.h"

namespace metergate::api {
namespace {

Result<Answer> list_workers(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort =
      read_sort(reader,
                {"name", "every_seconds", "running", "last_run", "last_duration_ms", "last_done",
                 "last_faults", "next_run", "last_error", "last_error_at", "runs", "failures"},
                "");
  TRY(reader.finish());
  std::vector<Json> workers;
  for (const WorkerStatus& status : call.services.worker_board.all()) {
    workers.push_back(worker_json(status));
  }
  if (!sort.empty()) sort_documents(workers, sort);
  return answer_of(list_json("workers", std::move(workers), page));
}

}  // namespace

std::vector<Route> workers_routes() {
  return {{"GET",
           "/provider/workers",
           provider_with(Permission::tenants_read),
           list_workers,
           {"page", "limit", "sort"},
           false,
           "Show what each worker did last and does next"}};
}

}  // namespace metergate::api
