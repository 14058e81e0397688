// MTLComputeCommandEncoder: the pipeline and the argument tables.
#include <algorithm>
#include <cstring>

#include "metal/compute_encoder.h"
#include "metal/heap.h"
#include "metal/property.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLComputeCommandEncoder";
constexpr uint64_t kThreadgroupAlignment = 16;
constexpr uint64_t kUsageWrite = 2;

const Profile& profile_of(ComputeEncoder* encoder) { return encoder->buffer->queue->device->profile; }

std::string number(uint64_t value) { return std::to_string(value); }

bool index_is_valid(ComputeEncoder* encoder, const char* selector, uint64_t index, uint64_t entries) {
  if (!encoder->is_open(selector)) return false;
  if (index < std::min<uint64_t>(entries, SM_BUFFERS)) return true;
  encoder->refuse(ReportKind::kEncoding, selector,
                  "index(" + number(index) + ") must be < " + number(entries) + ".");
  return false;
}

void set_pipeline(ComputeEncoder* encoder, Selector, Object* object) {
  const char* selector = "setComputePipelineState:";
  if (!encoder->is_open(selector)) return;
  auto* pipeline = checked<Pipeline>(object, selector);
  if (!pipeline)
    return encoder->refuse(ReportKind::kEncoding, selector, "computePipelineState must not be nil.");
  if (pipeline->device.get() != encoder->buffer->queue->device.get()) {
    return encoder->refuse(ReportKind::kEncoding, selector, "the pipeline belongs to another device");
  }
  encoder->pipeline = pipeline;
}

void bind_buffer(ComputeEncoder* encoder, const char* selector, Object* object, uint64_t offset,
                 uint64_t index) {
  if (!index_is_valid(encoder, selector, index, profile_of(encoder).buffer_arguments)) return;
  auto* buffer = checked<Buffer>(object, selector);
  if (buffer && offset > buffer->memory->length()) {
    return encoder->refuse(ReportKind::kEncoding, selector,
                           "offset(" + number(offset) + ") must be <= " + number(buffer->memory->length()) +
                               ", the length of the buffer at index " + number(index) + ".");
  }
  if (buffer && buffer->device.get() != encoder->buffer->queue->device.get()) {
    return encoder->refuse(ReportKind::kEncoding, selector, "the buffer belongs to another device");
  }
  encoder->bindings[index] = {buffer, offset, nullptr};
}

void set_buffer(ComputeEncoder* encoder, Selector, Object* buffer, uint64_t offset, uint64_t index) {
  bind_buffer(encoder, "setBuffer:offset:atIndex:", buffer, offset, index);
}

void set_buffers(ComputeEncoder* encoder, Selector, Object** buffers, const uint64_t* offsets,
                 IndexRange range) {
  for (uint64_t i = 0; i < range.length; ++i) {
    bind_buffer(encoder, "setBuffers:offsets:withRange:", buffers[i], offsets[i], range.location + i);
  }
}

void set_buffer_offset(ComputeEncoder* encoder, Selector, uint64_t offset, uint64_t index) {
  const char* selector = "setBufferOffset:atIndex:";
  if (!index_is_valid(encoder, selector, index, profile_of(encoder).buffer_arguments)) return;
  Ref<Buffer> buffer = encoder->bindings[index].buffer;
  if (!buffer) {
    return encoder->refuse(ReportKind::kEncoding, selector, "no buffer is bound at index " + number(index));
  }
  bind_buffer(encoder, selector, buffer.get(), offset, index);
}

void set_bytes(ComputeEncoder* encoder, Selector, const void* bytes, uint64_t length, uint64_t index) {
  const char* selector = "setBytes:length:atIndex:";
  if (!index_is_valid(encoder, selector, index, profile_of(encoder).buffer_arguments)) return;
  uint64_t most = profile_of(encoder).max_bytes_length;
  if (length > most) {
    return encoder->refuse(ReportKind::kSetBytes, selector,
                           "length(" + number(length) + ") must be <= " + number(most) + ".");
  }
  if (!bytes || length == 0) {
    return encoder->refuse(ReportKind::kEncoding, selector, "bytes must not be null and length not 0.");
  }
  encoder->bindings[index] = {nullptr, 0, std::make_shared<BytesCopy>(bytes, length)};
}

void set_threadgroup_memory(ComputeEncoder* encoder, Selector, uint64_t length, uint64_t index) {
  const char* selector = "setThreadgroupMemoryLength:atIndex:";
  if (!index_is_valid(encoder, selector, index, profile_of(encoder).threadgroup_arguments)) return;
  uint64_t most = profile_of(encoder).max_threadgroup_memory_length;
  if (length % kThreadgroupAlignment) {
    return encoder->refuse(ReportKind::kEncoding, selector,
                           "length(" + number(length) + ") must be a multiple of 16 bytes.");
  }
  if (length > most) {
    return encoder->refuse(ReportKind::kThreadgroupMemory, selector,
                           "length(" + number(length) + ") must be <= " + number(most) + ".");
  }
  encoder->threadgroup_lengths[index] = length;
}

void use_one(ComputeEncoder* encoder, Object* object, uint64_t usage, const char* selector) {
  auto* buffer = checked<Buffer>(object, selector);
  if (!buffer) return encoder->refuse(ReportKind::kEncoding, selector, "resource must be a buffer, not nil.");
  encoder->resident.push_back(encoder->buffer->use(buffer, 0));
  encoder->order->note(*buffer, usage & kUsageWrite);
}

void use_resource(ComputeEncoder* encoder, Selector, Object* resource, uint64_t usage) {
  if (encoder->is_open("useResource:usage:")) use_one(encoder, resource, usage, "useResource:usage:");
}

void use_resources(ComputeEncoder* encoder, Selector, Object** resources, uint64_t count, uint64_t usage) {
  if (!encoder->is_open("useResources:count:usage:")) return;
  for (uint64_t i = 0; i < count; ++i) use_one(encoder, resources[i], usage, "useResources:count:usage:");
}

}  // namespace

BytesCopy::BytesCopy(const void* bytes, uint64_t length)
    : chunks_((length + sizeof(Chunk) - 1) / sizeof(Chunk)), length_(length) {
  std::memcpy(chunks_.data(), bytes, length);
}

void register_compute_bindings() {
  add_method(kClass, "setComputePipelineState:", set_pipeline);
  add_method(kClass, "setBuffer:offset:atIndex:", set_buffer);
  add_method(kClass, "setBuffers:offsets:withRange:", set_buffers);
  add_method(kClass, "setBufferOffset:atIndex:", set_buffer_offset);
  add_method(kClass, "setBytes:length:atIndex:", set_bytes);
  add_method(kClass, "setThreadgroupMemoryLength:atIndex:", set_threadgroup_memory);
  add_method(kClass, "useResource:usage:", use_resource);
  add_method(kClass, "useResources:count:usage:", use_resources);
}

}  // namespace softmetal
