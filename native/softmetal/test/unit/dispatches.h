// Dispatches over plain memory, without the Metal classes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/dispatch.h"

namespace hand {

struct Size {
  uint32_t x, y = 1, z = 1;
};

inline softmetal::Dispatch dispatch(std::shared_ptr<const softmetal::LoadedKernel> kernel, Size threadgroups,
                                    Size threads) {
  softmetal::Dispatch result{};
  result.kernel = std::move(kernel);
  const uint32_t groups[3] = {threadgroups.x, threadgroups.y, threadgroups.z},
                 size[3] = {threads.x, threads.y, threads.z};
  for (int i = 0; i < 3; i++) {
    result.threads_per_threadgroup[i] = size[i];
    result.threads_per_grid[i] = groups[i] * size[i];
  }
  return result;
}

template <class T>
void bind(softmetal::Dispatch& dispatch, int index, std::vector<T>& values) {
  dispatch.buffers[index] = {values.data(), values.size() * sizeof(T), true};
}

inline softmetal::Settings settings(softmetal::Schedule schedule = softmetal::Schedule::kInOrder,
                                    uint64_t seed = 0) {
  softmetal::Settings result = softmetal::current_settings();
  result.workers = 2;
  result.schedule = schedule;
  result.seed = seed;
  result.validate = result.stats = false;
  result.timeout = 0;
  return result;
}

}  // namespace hand
