#include "metal/compute_encoder.h"

#include "metal/dispatch_command.h"
#include "metal/event.h"
#include "metal/property.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLComputeCommandEncoder";

constexpr char kTooLong[] = "more than 4294967295 threads along one axis of the grid";

bool overflows(const Size& grid) {
  return grid.width > UINT32_MAX || grid.height > UINT32_MAX || grid.depth > UINT32_MAX;
}

std::string zero_message(const char* what, const Size& size) {
  return std::string("(") + what + ".width(" + std::to_string(size.width) + ") * " + what + ".height(" +
         std::to_string(size.height) + ") * " + what + ".depth(" + std::to_string(size.depth) +
         "))(0) must not be 0.";
}

bool grid_is_valid(ComputeEncoder* encoder, const char* selector, const char* what, const Size& size) {
  if (size.width == 0 || size.height == 0 || size.depth == 0) {
    encoder->refuse(ReportKind::kThreadCount, selector, zero_message(what, size));
    return false;
  }
  return true;
}

void dispatch_threadgroups(ComputeEncoder* encoder, Selector, Size groups, Size threads) {
  const char* selector = "dispatchThreadgroups:threadsPerThreadgroup:";
  if (!encoder->is_open(selector)) return;
  if (!grid_is_valid(encoder, selector, "threadgroupsPerGrid", groups)) return;
  // Before the products, which could wrap around.
  if (overflows(groups)) return encoder->refuse(ReportKind::kThreadCount, selector, kTooLong);
  encoder->dispatch(
      selector, {groups.width * threads.width, groups.height * threads.height, groups.depth * threads.depth},
      threads);
}

void dispatch_threads(ComputeEncoder* encoder, Selector, Size grid, Size threads) {
  const char* selector = "dispatchThreads:threadsPerThreadgroup:";
  if (!encoder->is_open(selector)) return;
  if (!grid_is_valid(encoder, selector, "threadsPerGrid", grid)) return;
  encoder->dispatch(selector, grid, threads);
}

void dispatch_indirect(ComputeEncoder* encoder, Selector, Object* object, uint64_t offset, Size threads) {
  const char* selector = "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:";
  if (!encoder->is_open(selector)) return;
  auto* buffer = checked<Buffer>(object, selector);
  if (offset % 4) {
    return encoder->refuse(ReportKind::kEncoding, selector,
                           "indirectBufferOffset(" + std::to_string(offset) + ") must be a multiple of 4.");
  }
  if (!encoder->covers(selector, "indirectBuffer", buffer, offset, 3 * sizeof(uint32_t))) return;
  encoder->dispatch_indirect(selector, buffer, offset, threads);
}

void barrier_with_scope(ComputeEncoder* encoder, Selector, uint64_t scope) {
  if (!encoder->is_open("memoryBarrierWithScope:")) return;
  if (scope & kBarrierBuffers && encoder->concurrent_group) encoder->concurrent_group = next_order_domain();
}

// Orders more than the buffers named: all that was dispatched before comes first.
void barrier_with_resources(ComputeEncoder* encoder, Selector, Object** resources, uint64_t count) {
  const char* selector = "memoryBarrierWithResources:count:";
  if (!encoder->is_open(selector)) return;
  for (uint64_t i = 0; i < count; ++i) {
    if (!checked<Buffer>(resources[i], selector)) return;
  }
  if (count && encoder->concurrent_group) encoder->concurrent_group = next_order_domain();
}

void update_fence(ComputeEncoder* encoder, Selector, Object* object) {
  if (!encoder->is_open("updateFence:")) return;
  if (auto* fence = checked<Fence>(object, "updateFence:"))
    encoder->order->updates.insert(fence->identity.get());
}

void wait_for_fence(ComputeEncoder* encoder, Selector, Object* object) {
  if (!encoder->is_open("waitForFence:")) return;
  if (auto* fence = checked<Fence>(object, "waitForFence:"))
    encoder->order->waits.insert(fence->identity.get());
}

// Apple's GPUs take time stamps at the ends of an encoder only.
void sample_counters(ComputeEncoder* encoder, Selector, Object*, uint64_t, bool) {
  encoder->refuse(ReportKind::kEncoding, "sampleCountersInBuffer:atSampleIndex:withBarrier:",
                  "the device does not support counter sampling at dispatch boundaries: use "
                  "sampleBufferAttachments of MTLComputePassDescriptor");
}

}  // namespace

ComputeEncoder::ComputeEncoder(CommandBuffer* buffer, DispatchType type,
                               std::vector<SampleAttachment> samples)
    : CommandEncoder(kClass, buffer), type(type), samples(std::move(samples)) {
  if (type == DispatchType::kConcurrent) concurrent_group = next_order_domain();
  encode_samples(*buffer, this->samples, SampleMoment::kStart);
}

void ComputeEncoder::encode_end() {
  if (last_) last_->is_last = true;
  encode_samples(*buffer, samples, SampleMoment::kEnd);
}

void ComputeEncoder::add(std::unique_ptr<DispatchCommand> command) {
  command->concurrent_group = concurrent_group;
  command->is_first = !last_;
  last_ = command.get();
  buffer->add(std::move(command));
}

void ComputeEncoder::dispatch(const char* selector, Size grid, Size threads) {
  if (!dispatch_is_valid(*this, selector, threads)) return;
  if (overflows(grid)) {
    return refuse(ReportKind::kThreadCount, selector, kTooLong);
  }
  auto command = std::make_unique<DispatchCommand>(*this, threads);
  command->set_grid(grid);
  add(std::move(command));
}

void ComputeEncoder::dispatch_indirect(const char* selector, Buffer* grid, uint64_t offset, Size threads) {
  if (!dispatch_is_valid(*this, selector, threads)) return;
  auto command = std::make_unique<DispatchCommand>(*this, threads);
  command->set_indirect(buffer->use(grid, offset));
  add(std::move(command));
}

void register_compute_encoder() {
  register_encoder(kClass);
  add_method(kClass, "dispatchThreadgroups:threadsPerThreadgroup:", dispatch_threadgroups);
  add_method(kClass, "dispatchThreads:threadsPerThreadgroup:", dispatch_threads);
  add_method(kClass, "dispatchThreadgroupsWithIndirectBuffer:indirectBufferOffset:threadsPerThreadgroup:",
             dispatch_indirect);
  add_method(kClass, "memoryBarrierWithScope:", barrier_with_scope);
  add_method(kClass, "memoryBarrierWithResources:count:", barrier_with_resources);
  add_method(kClass, "updateFence:", update_fence);
  add_method(kClass, "waitForFence:", wait_for_fence);
  add_method(kClass, "sampleCountersInBuffer:atSampleIndex:withBarrier:", sample_counters);
  add_method(kClass, "dispatchType", +[](ComputeEncoder* encoder, Selector) { return encoder->type; });
  register_compute_bindings();
}

}  // namespace softmetal
