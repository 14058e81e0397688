// A counter that is driven by hand.
#pragma once

#include <memory>
#include <vector>

#include "count/counter.h"

namespace softmetal {

constexpr sm_place kPlace = {"counts.metal", 1, 1};

// A threadgroup of `threads` threads with `bytes` of threadgroup memory and buffers of 4096 bytes at 0 and 3.
struct Bench {
  explicit Bench(uint32_t threads = 32, uint32_t bytes = 65536) : threads(threads), local(bytes) {
    auto built = std::make_shared<LoadedKernel>();
    built->name = "bench";
    built->blocks.resize(2);
    built->blocks[0].multiply_adds = 3;
    built->blocks[0].integer = 1;
    built->blocks[1].exp2 = 2;
    dispatch.kernel = built;
    dispatch.buffers[0] = {first, sizeof first, true};
    dispatch.buffers[3] = {second, sizeof second, true};
    count = count_dispatch(dispatch);
    begin();
  }
  void begin() {
    observer = count->observe_worker();
    sm_group group = {};
    GroupMemory memory = {};
    memory.base = local.data();
    memory.used = static_cast<uint32_t>(local.size());
    observer->begin_group(group, threads, memory);
  }
  void* touch(uint32_t thread, void* address, uint32_t size, sm_access_kind kind = SM_READ,
              uint32_t site = 0) {
    return observer->access({static_cast<char*>(address), size, kind, site, thread});
  }
  void touch_local(uint32_t thread, uint32_t offset, uint32_t size, sm_access_kind kind = SM_READ,
                   uint32_t site = 0) {
    touch(thread, local.data() + offset, size, kind, site);
  }
  Counts take() {
    observer->end_group();
    observer.reset();
    return count->take();
  }

  Dispatch dispatch;
  uint32_t threads;
  std::vector<char> local;
  alignas(16) char first[4096], second[4096];
  std::unique_ptr<DispatchCount> count;
  std::unique_ptr<Observer> observer;
};

}  // namespace softmetal
