// What a client finds by name: the two functions that give devices, and constant strings.
#include "metal/blit_encoder.h"
#include "metal/buffer.h"
#include "metal/command_buffer.h"
#include "metal/compile_options.h"
#include "metal/compute_encoder.h"
#include "metal/counters.h"
#include "metal/device.h"
#include "metal/event.h"
#include "metal/function_constants.h"
#include "metal/heap.h"
#include "metal/pipeline.h"
#include "metal/queue.h"
#include "metal/shader_library.h"
#include "metal/unsupported.h"

#define EXPORTED __attribute__((visibility("default")))

namespace softmetal {
namespace {

void register_metal() {
  register_device();
  register_device_buffers();
  register_device_shaders();
  register_buffer();
  register_heap();
  register_compile_options();
  register_library();
  register_function();
  register_function_constants();
  register_pipeline();
  register_reflection();
  register_queue();
  register_command_buffer();
  register_compute_encoder();
  register_blit_encoder();
  register_events();
  register_counters();
  register_passes();
  register_unsupported();
}
Registration registration(&register_metal);

Object* constant(const char* text) { return make_immortal(new String(text)); }

}  // namespace
}  // namespace softmetal

using softmetal::Object;

extern "C" {

EXPORTED Object* MTLCreateSystemDefaultDevice(void) { return softmetal::retained_default_device(); }

// Retained, as every result of a function with Copy in its name.
EXPORTED Object* MTLCopyAllDevices(void) {
  auto device = softmetal::Ref<softmetal::Device>::adopt(softmetal::retained_default_device());
  return new softmetal::Array(device ? std::vector<Object*>{device.get()} : std::vector<Object*>{});
}

#define CONSTANT(name, text) EXPORTED Object* name = softmetal::constant(text)
CONSTANT(MTLLibraryErrorDomain, "MTLLibraryErrorDomain");
CONSTANT(MTLCommandBufferErrorDomain, "MTLCommandBufferErrorDomain");
CONSTANT(MTLCommandBufferEncoderInfoErrorKey, "MTLCommandBufferEncoderInfoErrorKey");
CONSTANT(MTLCounterErrorDomain, "MTLCounterErrorDomain");
CONSTANT(MTLCommonCounterTimestamp, "GPUTimestamp");
CONSTANT(MTLCommonCounterSetTimestamp, "timestamp");
CONSTANT(MTLCommonCounterSetStageUtilization, "stageutilization");
CONSTANT(MTLCommonCounterSetStatistic, "statistic");
}
