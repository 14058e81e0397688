#include "engine/finding.h"

#include <cstring>

namespace softmetal {

Report describe(const Worker& worker, ReportKind kind, std::string message, const sm_thread* thread) {
  Report report{};
  report.kind = kind;
  report.message = std::move(message);
  report.kernel = worker.job->dispatch.kernel->name;
  report.location = last_location(worker);
  if (!thread) return report;
  ThreadPosition position;
  for (int i = 0; i < 3; i++) {
    position.threadgroup[i] = worker.group.threadgroup_position[i];
    position.thread[i] = thread->position_in_threadgroup[i];
  }
  position.index = thread->index_in_threadgroup;
  position.simdgroup = thread->simdgroup;
  position.lane = thread->lane;
  report.thread = position;
  return report;
}

// An operator has no argument that could tell its place, so what it passes is in the library of MSL itself.
Location location_of(const Worker& worker, const sm_place& place) {
  constexpr const char kLibrary[] = "stdlib/run/";
  if (!place.file || std::strncmp(place.file, kLibrary, sizeof kLibrary - 1) == 0)
    return last_location(worker);
  return {place.file, int(place.line), int(place.column), ""};
}

Location last_location(const Worker& worker) {
  const LoadedKernel& kernel = *worker.job->dispatch.kernel;
  Location location;
  if (worker.last_block < kernel.blocks.size()) location = kernel.blocks[worker.last_block].location;
  if (worker.last_site < kernel.sites.size()) location = kernel.sites[worker.last_site].location;
  return location.file.empty() ? kernel.declared : location;
}

void add_finding(Worker& worker, Report report) {
  const sm_group& group = worker.group;
  uint64_t row = group.threadgroup_position[1] +
                 uint64_t(group.threadgroup_position[2]) * group.threadgroups_per_grid[1];
  worker.job->findings.add(std::move(report),
                           row * group.threadgroups_per_grid[0] + group.threadgroup_position[0]);
}

}  // namespace softmetal
