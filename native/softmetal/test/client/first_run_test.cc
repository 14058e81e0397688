// From source text to results, and what the command buffer says on the way.
#include "client.h"

using namespace client;

namespace {

constexpr char kScale[] = R"(
#include <metal_stdlib>
using namespace metal;
kernel void scale(device float* values [[buffer(0)]], constant float& factor [[buffer(1)]],
                  uint i [[thread_position_in_grid]]) {
  values[i] *= factor;
}
)";

TEST("a kernel is compiled, run, and its result read") {
  Gpu gpu;
  Owned pipeline = gpu.kernel(kScale, "scale");
  Owned values = gpu.buffer_of(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(gpu.run(pipeline, {bind(0, values), bytes(1, 2.5f)}, {2}, {4}));
  CHECK_EQUAL(gpu.error, "");
  for (int i = 0; i < 8; ++i) CHECK_EQUAL(contents<float>(values)[i], 2.5f * (i + 1));
}

}  // namespace
