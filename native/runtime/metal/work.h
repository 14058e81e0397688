// One call, ready for the GPU: the memory it touches and the dispatches over it. Made by the planning side
// (forward.cc, backward.cc), executed by Gpu. Holds no Metal object.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "generated/metal_variants.h"
#include "tensor.h"

namespace fa::metal {

/// Names memory of one Work.
struct Memory {
  int index = -1;
};

/// Everything in which two pipelines of one variant can differ; kernels/include/fa/bindings.h says what each
/// is.
struct FunctionConstants {
  bool has_mask = false;
  bool has_bias = false;
  int bias_type = 0;
  bool aligned = false;
  bool writes_lse = false;
  bool writes_stats = false;
  bool has_stats = false;
  bool has_d_lse = false;
  bool stores_d_scores = false;
  bool splits_keys = false;
  bool has_sequences = false;
  bool is_packed = false;
  bool has_alibi = false;
  bool has_softcap = false;
  bool has_sinks = false;
  bool has_dropout = false;
  bool sums_slopes = false;
  bool has_pages = false;
  bool k_is_int8 = false;
  bool v_is_int8 = false;

  auto operator<=>(const FunctionConstants&) const = default;
};

struct Binding {
  int index;  ///< fa::binding::k...
  Memory memory;
  size_t offset = 0;  ///< bytes
};

/// A struct passed by value (setBytes), at most 4096 bytes.
struct Parameters {
  int index;
  std::vector<std::byte> bytes;
};

struct Dispatch {
  const MetalVariant* variant = nullptr;
  FunctionConstants constants;
  std::vector<Binding> bindings;
  std::vector<Parameters> parameters;
  int64_t tasks = 0;             ///< threadgroups; variant->threads each
  double multiply_adds = 0;      ///< of all tasks, to keep a command buffer short
  int stage = 0;                 ///< runs after all dispatches of lower stages, beside those of its own
  size_t first_task_offset = 0;  ///< of AttentionParams::first_task in its parameters, for a split grid
};

enum class MemoryKind : uint8_t { input, output, scratch, table };

struct MemoryUse {
  MemoryKind kind = MemoryKind::input;
  Tensor tensor;                 ///< the caller's memory of an input or output
  size_t bytes = 0;              ///< of scratch
  std::vector<std::byte> table;  ///< what the planning side made for the kernels, such as the sequences
};

struct Work {
  std::vector<MemoryUse> memory;
  std::vector<Dispatch> dispatches;

  Memory input(const Tensor& tensor) { return add({MemoryKind::input, tensor, 0, {}}); }
  /// Written back to the tensor's elements only, and only when all dispatches have succeeded.
  Memory output(const Tensor& tensor) { return add({MemoryKind::output, tensor, 0, {}}); }
  Memory scratch(size_t bytes) { return add({MemoryKind::scratch, {}, bytes, {}}); }
  template <typename Struct>
  Memory table(const std::vector<Struct>& rows) {
    std::vector<std::byte> bytes(rows.size() * sizeof(Struct));
    if (!rows.empty()) std::memcpy(bytes.data(), rows.data(), bytes.size());
    return add({MemoryKind::table, {}, 0, std::move(bytes)});
  }

 private:
  Memory add(MemoryUse use) {
    memory.push_back(std::move(use));
    return {static_cast<int>(memory.size()) - 1};
  }
};

}  // namespace fa::metal
