// A command buffer's way through the queue's threads.
#include <chrono>
#include <new>
#include <thread>

#include "metal/command_buffer.h"
#include "metal/validation.h"
#include "objc/block.h"

namespace softmetal {
namespace {

// What an Apple GPU's driver calls each failure.
const char* failure_name(int64_t code) {
  switch (code) {
    case kErrorTimeout:
      return "Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)";
    case kErrorPageFault:
      return "Caused GPU Address Fault Error (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)";
    case kErrorOutOfMemory:
      return "Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)";
    case kErrorInvalidResource:
      return "Invalid Resource (00000009:kIOGPUCommandBufferCallbackErrorInvalidResource)";
    case kErrorDeviceRemoved:
      return "Device was removed (0000000b)";
    case kErrorStackOverflow:
      return "Stack Overflow (0000000c)";
    default:
      return "Internal Error (0000000e:Internal Error)";
  }
}

int64_t code_of(InjectedFault fault) {
  if (fault == InjectedFault::kCommitLost) return kErrorDeviceRemoved;
  return fault == InjectedFault::kCommitTimeout ? kErrorTimeout : kErrorOutOfMemory;
}

void set_failure(CommandBuffer& buffer, int64_t code, const std::string& detail) {
  std::string text = failure_name(code);
  if (!detail.empty()) text += ": " + detail;
  buffer.error = Ref<Error>::adopt(new Error(kCommandBufferDomain, code, text));
}

// False when the host has no memory left, which must not end its process.
bool run_in_memory(Execution& execution) {
  try {
    run_commands(execution.buffer.commands, execution);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void run(CommandBuffer& buffer) {
  Execution execution{.buffer = buffer,
                      .settings = current_settings(),
                      .begin = std::chrono::steady_clock::now(),
                      .reports = buffer.refusals,
                      .stopped = buffer.fault.has_value() || !buffer.refusals.empty()};
  if (!buffer.refusals.empty()) execution.error_code = error_code_for(buffer.refusals.front().kind);
  buffer.gpu_start = now_seconds();
  bool has_memory = run_in_memory(execution);
  buffer.gpu_end = now_seconds();
  if (buffer.fault) {
    set_failure(buffer, code_of(*buffer.fault), "injected fault");
  } else if (!has_memory) {
    set_failure(buffer, kErrorOutOfMemory, "the host has none left to simulate it");
  } else if (!execution.reports.empty()) {
    set_failure(buffer, execution.error_code, summary(execution.reports));
  }
}

void call_handlers(std::vector<BlockLiteral*>& handlers, CommandBuffer& buffer) {
  AutoreleasePool pool;  // empty again before waitUntilCompleted returns
  for (BlockLiteral* handler : handlers) {
    invoke_block(handler, static_cast<Object*>(&buffer));
    release_block(handler);
  }
  handlers.clear();
}

void complete(Ref<CommandBuffer> buffer) {
  if (!buffer->completed_handlers.empty()) buffer->note_seen();
  call_handlers(buffer->completed_handlers, *buffer);
  buffer->queue->forget(true);
  std::shared_ptr<Progress> progress = buffer->progress;
  buffer = {};
  progress->set_handled();
}

}  // namespace

void execute(Ref<CommandBuffer> buffer) {
  if (uint64_t delay = delay_milliseconds()) std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  Executor& completion = buffer->queue->completion;  // with the last reference to the buffer it may go
  bool has_handlers = !buffer->scheduled_handlers.empty() || !buffer->completed_handlers.empty();
  buffer->kernel_start = now_seconds();
  buffer->progress->set(Status::kScheduled);
  if (!buffer->scheduled_handlers.empty()) {
    completion.post([buffer] { call_handlers(buffer->scheduled_handlers, *buffer); });
  }
  buffer->kernel_end = now_seconds();
  run(*buffer);
  buffer->commands.clear();
  buffer->encoder_orders.clear();
  buffer->progress->set(buffer->error ? Status::kError : Status::kCompleted);
  if (has_handlers) {
    completion.post([buffer = std::move(buffer)]() mutable { complete(std::move(buffer)); });
  } else {
    complete(std::move(buffer));
  }
}

}  // namespace softmetal
