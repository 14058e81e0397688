// Cutting one call's work into command buffers that a GPU finishes soon.
#pragma once
#include <cstdint>
#include <vector>

#include "metal/work.h"

namespace fa::metal {

/// macOS ends a command buffer that runs for some seconds, and its windows freeze for as long as one runs.
/// The slowest GPU of family Apple7 (M1, 7 cores) does 1.3e12 multiply-adds a second at its peak; at a tenth
/// of that, which no kernel of ours should fall below, this many take half a second. Not measured on Apple
/// hardware.
inline constexpr double kMultiplyAddsPerCommandBuffer = 68719476736.0;  // 2^36

/// Threads along one axis of a grid are counted in 32 bits.
inline constexpr int64_t kThreadsPerDispatch = 4294967295;

/// Tasks [first, first + tasks) of one dispatch of the work.
struct Slice {
  size_t dispatch;
  int64_t first;
  int64_t tasks;
};

/// Slices of one command buffer, by stage.
using Batch = std::vector<Slice>;

/// All tasks of the work, stages in order. A task is never cut, so a batch of one task may be above the
/// limit.
std::vector<Batch> cut_into_batches(const Work& work, double multiply_adds_per_batch);

}  // namespace fa::metal
