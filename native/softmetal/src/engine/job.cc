#include "engine/job.h"

#include <algorithm>
#include <cstdio>

namespace softmetal {
namespace {

uint64_t groups_along(const Dispatch& dispatch, int axis) {
  uint64_t size = std::max(1u, dispatch.threads_per_threadgroup[axis]);
  return (dispatch.threads_per_grid[axis] + size - 1) / size;
}

// In validate mode an overrun of one argument must not look like an access to the next.
constexpr uint32_t kValidateGap = 256;

}  // namespace

MemoryLayout layout_memory(const Dispatch& dispatch, uint32_t gap) {
  constexpr uint64_t kArgumentUnit = 16;  // Metal's
  MemoryLayout layout;
  uint64_t offset = 0;
  for (int i = 0; i < SM_BUFFERS; i++) {
    uint64_t length = round_up(dispatch.threadgroup_lengths[i], kArgumentUnit);
    layout.argument_offset[i] = uint32_t(offset);
    layout.asked += length;
    if (length) offset += length + gap;
  }
  const sm_kernel& kernel = *dispatch.kernel->table;
  layout.static_bytes = kernel.static_threadgroup_bytes ? kernel.static_threadgroup_bytes() : 0;
  layout.asked += layout.static_bytes;
  if (layout.static_bytes) offset = round_up(offset, kThreadgroupAlignment);
  layout.static_offset = uint32_t(offset);
  layout.used = uint32_t(offset + layout.static_bytes);
  return layout;
}

Job::Job(const Dispatch& dispatch, const Settings& settings)
    : dispatch(dispatch),
      settings(settings),
      layout(layout_memory(dispatch, settings.validate ? kValidateGap : 0)),
      groups{groups_along(dispatch, 0), groups_along(dispatch, 1), groups_along(dispatch, 2)},
      group_count(groups[0] * groups[1] * groups[2]),
      order(group_count, settings.schedule, settings.seed) {}

std::string Job::hang_message() const {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%g", settings.timeout);
  return "the kernel did not end within " + std::string(seconds) + " s; " + std::to_string(finished) +
         " of " + std::to_string(group_count) + " threadgroups had ended";
}

}  // namespace softmetal
