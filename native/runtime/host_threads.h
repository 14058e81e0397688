// Threads that a host lends for a call.
#pragma once
#include <cstdint>

namespace fa {

/// A host with a thread pool of its own lends it, so that two pools do not fight for the same cores.
struct HostThreads {
  void* self;
  /// Calls work(context) `workers` times, on one thread or several, and returns when all calls are done; work
  /// does not throw. Doing less is slower, not wrong: what is left runs on the calling thread.
  void (*run)(void* self, int64_t workers, void (*work)(void* context), void* context);
};

}  // namespace fa
