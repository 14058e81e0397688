#include "engine/hooks.h"

#include "engine/collective.h"
#include "engine/finding.h"
#include "engine/observe.h"
#include "engine/scheduler.h"

namespace softmetal {
namespace {

sm_uint api_lane() { return this_worker->current->thread.lane; }

void* api_static_memory() { return this_worker->static_memory; }

void* api_access(void* address, sm_uint size, sm_uint kind, sm_uint site) {
  Worker& worker = *this_worker;
  if (worker.stacks.contains(address)) return address;  // private, or the device's own
  worker.last_site = site;
  // Lanes of real hardware run side by side: each shared access is where another lane may come in between.
  if (worker.schedule == Schedule::kLockstep && worker.in_threadgroup_memory(address)) run_another(worker);
  if (!worker.check && !worker.count) return address;
  Access access = {static_cast<char*>(address), size, sm_access_kind(kind), site,
                   worker.current->thread.index_in_threadgroup};
  Observing observing(worker);
  if (worker.count) worker.count->access(access);
  return worker.check ? worker.check->access(access) : address;
}

void api_block(sm_uint block) {
  Worker& worker = *this_worker;
  worker.last_block = block;
  worker.last_site = Worker::kNone;
  if (!worker.count) return;
  Observing observing(worker);
  worker.count->block(worker.current->thread.index_in_threadgroup, block);
}

void api_inactive_lane(sm_uint lane, const sm_place* place) {
  Worker& worker = *this_worker;
  if (!worker.check) return;
  Observing observing(worker);
  Report report = describe(worker, ReportKind::kInactiveLane,
                           "the value of lane " + std::to_string(lane) +
                               " is asked for, which does not take part in this operation",
                           &worker.current->thread);
  report.location = location_of(worker, *place);
  add_finding(worker, std::move(report));
}

}  // namespace

const sm_api kApi = {api_barrier, api_exchange, api_lane,         api_static_memory,
                     api_access,  api_block,    api_inactive_lane};

}  // namespace softmetal
