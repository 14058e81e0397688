// What the engine tells the checks and counters while a threadgroup runs. One Observer per worker; calls come
// from that worker's thread only, in the order in which fibers run.
#pragma once

#include <cstdint>

#include "engine/dispatch.h"

namespace softmetal {

struct GroupMemory {  // the threadgroup memory of the group that runs
  const char* base;
  uint32_t used;                         // dynamic arguments first, then statically declared variables
  uint32_t argument_offset[SM_BUFFERS];  // of each [[threadgroup(n)]]; only where its length is not 0
  uint32_t static_offset = 0;            // of the variables; `used` where there are none
  uint32_t static_bytes = 0;
};

struct Access {
  char* address;
  uint32_t size;
  sm_access_kind kind;
  uint32_t site;
  uint32_t thread;  // index in the threadgroup
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void begin_group(const sm_group& group, uint32_t threads, const GroupMemory& memory) = 0;
  // Private memory of threads never comes here. Returns the address to use instead of access.address, or
  // that.
  virtual void* access(const Access& access) = 0;
  virtual void block(uint32_t thread, uint32_t block) = 0;
  // Every simdgroup operation but barriers.
  virtual void collective(uint32_t simdgroup, sm_operation operation, uint32_t active,
                          const sm_place& place) = 0;
  virtual void simdgroup_barrier(uint32_t simdgroup, uint32_t flags) = 0;
  virtual void threadgroup_barrier(uint32_t flags) = 0;
  virtual void end_group() = 0;
};

}  // namespace softmetal
