// Runs one grid: every thread a fiber, every threadgroup on one worker, workers side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compile/compiler.h"
#include "count/counts.h"
#include "kernel_abi.h"
#include "settings/settings.h"

namespace softmetal {

struct BufferBinding {
  void* address = nullptr;
  uint64_t length = 0;
  bool writable = true;  // false: setBytes, whose copy belongs to the command
};

// Memory that kernels may reach without a binding: useResource:, gpuAddress inside argument buffers.
struct ResidentRange {
  void* address;
  uint64_t length;
};

struct DeviceLimits {
  uint32_t max_threads = 1024;
  uint32_t threadgroup_bytes = 32768;
};

struct Dispatch {
  std::shared_ptr<const LoadedKernel> kernel;
  BufferBinding buffers[SM_BUFFERS];
  uint64_t threadgroup_lengths[SM_BUFFERS] = {};
  std::vector<ResidentRange> resident;
  uint32_t threads_per_threadgroup[3];
  uint32_t threads_per_grid[3];  // need not be a multiple: threadgroups at the edge are smaller
  DeviceLimits limits;
  std::string label;
  // Dispatches with equal numbers have no order among themselves (a concurrent encoder without a barrier
  // between them). 0: ordered against every other dispatch.
  uint64_t order_domain = 0;
  uint64_t number = 0;  // of this dispatch in its process, from 1
};

struct DispatchResult {
  std::vector<Report> reports;  // also in ReportLog
  Counts counts;                // when settings.stats
  bool faulted = false;         // stopped before the end; outputs are unfinished
};

// May be called from any thread; dispatches take turns. `settings.timeout` is this dispatch's.
DispatchResult run_dispatch(const Dispatch& dispatch, const Settings& settings);

double measure_switch_nanoseconds();  // from one fiber to another

}  // namespace softmetal
