// MTLCommandQueue: executes command buffers on a thread of its own, in the order of enqueue or commit.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "metal/device.h"
#include "metal/executor.h"
#include "metal/ordering.h"
#include "metal/ref.h"

namespace softmetal {

struct CommandBuffer;

struct Queue : Object {
  Queue(Device* device, uint64_t max_command_buffers);

  // Blocks while as many command buffers as the queue may have are unfinished. False when none of them has
  // been committed, since then waiting would never end.
  bool admit();
  void forget(bool was_committed);  // an admitted one is finished, or gone

  void enqueue(CommandBuffer* buffer);
  void withdraw(CommandBuffer* buffer);  // enqueued, deallocated, never committed
  void start_committed();  // hands over what is next in order; takes over the reference that commit made

  Ref<Device> device;
  std::string label;
  OrderHistory order_history;                            // on the execution thread only
  std::atomic<uint64_t> last_serial{0}, seen_serial{0};  // of command buffers: committed, and seen completed
  Executor execution, completion;  // handlers run on the second, so that they may wait for the first

 private:
  std::mutex mutex_;
  std::condition_variable finished_;
  std::deque<CommandBuffer*> order_;
  const uint64_t max_command_buffers_;
  uint64_t unfinished_ = 0, running_ = 0;
};

void register_queue();

}  // namespace softmetal
