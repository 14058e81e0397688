// MTLComputeCommandEncoder.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "metal/counters.h"
#include "metal/encoder.h"
#include "metal/pipeline.h"

namespace softmetal {

// A copy of what setBytes: was given, aligned for every type of the shading language.
class BytesCopy {
 public:
  BytesCopy(const void* bytes, uint64_t length);
  void* address() { return chunks_.data(); }
  uint64_t length() const { return length_; }

 private:
  struct alignas(64) Chunk {
    char bytes[64];
  };
  std::vector<Chunk> chunks_;
  uint64_t length_;
};

struct Binding {  // at most one of the two
  Ref<Buffer> buffer;
  uint64_t offset = 0;
  std::shared_ptr<BytesCopy> bytes;
};

class DispatchCommand;

struct ComputeEncoder : CommandEncoder {
  ComputeEncoder(CommandBuffer* buffer, DispatchType type, std::vector<SampleAttachment> samples);

  // A dispatch of `threads` in all; with an indirect buffer the grid is read from it when it runs.
  void dispatch(const char* selector, Size grid_threads, Size threads);
  void dispatch_indirect(const char* selector, Buffer* grid, uint64_t offset, Size threads);

  const DispatchType type;
  Ref<Pipeline> pipeline;
  std::array<Binding, SM_BUFFERS> bindings;
  std::array<uint64_t, SM_BUFFERS> threadgroup_lengths{};
  std::vector<Use> resident;
  std::vector<SampleAttachment> samples;
  uint64_t concurrent_group = 0;  // of the next dispatch, and its order domain; 0 in a serial encoder

 protected:
  void encode_end() override;

 private:
  void add(std::unique_ptr<DispatchCommand> command);
  DispatchCommand* last_ = nullptr;  // owned by the command buffer
};

// The whole of Metal's validation of a dispatch; false, with a refusal for each finding, when it must not
// run.
bool dispatch_is_valid(ComputeEncoder& encoder, const char* selector, const Size& threads);

void register_compute_encoder();
void register_compute_bindings();

}  // namespace softmetal
