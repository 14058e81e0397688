// How the plans size their blocks and share out scratch memory.
#pragma once
#include "pack-inl.h"
#include "scratch.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Shrinks a block of `rows` so that `width` floats per row fit into about `floats`, in whole panels.
FA_ALWAYS_INLINE int fit_block(int rows, int64_t width, int64_t floats) {
  const int64_t fitting = floats / larger<int64_t>(width, 1) / kPanelRows * kPanelRows;
  return static_cast<int>(larger<int64_t>(kPanelRows, smaller<int64_t>(rows, fitting)));
}

/// Hands out pieces of a slot, or only adds them up when `base` is null.
struct Carver {
  float* base;
  int64_t used = 0;
  float* take(int64_t floats) {
    float* piece = base ? base + used : nullptr;
    used += round_up(floats, 16);
    return piece;
  }
};

FA_ALWAYS_INLINE int slots_for(int threads, int64_t tasks) {
  return static_cast<int>(smaller<int64_t>(threads, tasks));
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
