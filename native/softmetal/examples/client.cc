// A Metal client in plain C++: no Objective-C compiler, no Apple header. On a Mac it would load libobjc and
// Metal.
#include <cstdio>

#include "softmetal/objc.h"

using namespace softmetal::objc;

extern "C" id MTLCreateSystemDefaultDevice();

struct Size {
  NSUInteger width, height, depth;
};

static const char* const kSource = R"(
#include <metal_stdlib>
kernel void twice(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2.0f; }
)";

int main() {
  Pool pool;
  Owned device(MTLCreateSystemDefaultDevice());
  id error = nil;
  Owned library(send<id>(device.get(), "newLibraryWithSource:options:error:", string(kSource), nil, &error));
  if (!library) return std::puts(error_text(error).c_str()), 1;
  Owned function(send<id>(library.get(), "newFunctionWithName:", string("twice")));
  Owned pipeline(
      send<id>(device.get(), "newComputePipelineStateWithFunction:error:", function.get(), &error));
  Owned queue(send<id>(device.get(), "newCommandQueue"));
  Owned buffer(send<id>(device.get(), "newBufferWithLength:options:", NSUInteger{32}, NSUInteger{0}));
  float* x = static_cast<float*>(send<void*>(buffer.get(), "contents"));
  for (int i = 0; i < 8; i++) x[i] = i;

  id commands = send<id>(queue.get(), "commandBuffer");
  id encoder = send<id>(commands, "computeCommandEncoder");
  send<void>(encoder, "setComputePipelineState:", pipeline.get());
  send<void>(encoder, "setBuffer:offset:atIndex:", buffer.get(), NSUInteger{0}, NSUInteger{0});
  send<void>(encoder, "dispatchThreads:threadsPerThreadgroup:", Size{8, 1, 1}, Size{8, 1, 1});
  send<void>(encoder, "endEncoding");
  send<void>(commands, "commit");
  send<void>(commands, "waitUntilCompleted");
  for (int i = 0; i < 8; i++) std::printf("%g ", x[i]);
}
