// Methods of Metal that a compute client may meet and that this device does not model: refused by name, with
// nil for a result.
#include "metal/unsupported.h"

#include <string>

#include "metal/validation.h"
#include "objc/object.h"

namespace softmetal {
namespace {

struct Unsupported {
  const char *owner, *selector;
};

constexpr Unsupported kUnsupported[] = {
    {"MTLDevice", "newTextureWithDescriptor:"},
    {"MTLDevice", "newSamplerStateWithDescriptor:"},
    {"MTLDevice", "newDepthStencilStateWithDescriptor:"},
    {"MTLDevice", "newArgumentEncoderWithArguments:"},
    {"MTLDevice", "newSharedEventHandle"},
    {"MTLDevice", "newResidencySetWithDescriptor:error:"},
    {"MTLDevice", "newBinaryArchiveWithDescriptor:error:"},
    {"MTLDevice", "newDynamicLibrary:error:"},
    {"MTLDevice", "newIOCommandQueueWithDescriptor:error:"},
    {"MTLDevice", "newRenderPipelineStateWithDescriptor:error:"},
    {"MTLDevice", "newMTL4CommandQueue"},
    {"MTLBuffer", "newTextureWithDescriptor:offset:bytesPerRow:"},
    {"MTLFunction", "newArgumentEncoderWithBufferIndex:"},
    {"MTLCommandBuffer", "renderCommandEncoderWithDescriptor:"},
    {"MTLCommandBuffer", "parallelRenderCommandEncoderWithDescriptor:"},
    {"MTLCommandBuffer", "resourceStateCommandEncoder"},
    {"MTLCommandBuffer", "accelerationStructureCommandEncoder"},
    {"MTLCommandBuffer", "presentDrawable:"},
    {"MTLComputeCommandEncoder", "setTexture:atIndex:"},
    {"MTLComputeCommandEncoder", "setSamplerState:atIndex:"},
    {"MTLComputeCommandEncoder", "setImageblockWidth:height:"},
    {"MTLComputeCommandEncoder", "setStageInRegion:"},
    {"MTLComputeCommandEncoder", "useHeap:"},
    {"MTLComputeCommandEncoder", "executeCommandsInBuffer:withRange:"},
    {"MTLSharedEvent", "newSharedEventHandle"},
};

Object* refuse(Object* self, Selector selector) {
  std::string call =
      "-[" + std::string(name_of(self->isa)) + " " + reinterpret_cast<const char*>(selector) + "]";
  report_refusal(ReportKind::kUnsupported, call, "the software Metal device does not model this");
  return nullptr;
}

// "@32@0:8^v16^v24": a result of nil, and as many arguments as the selector has; nobody looks at them.
std::string encoding(const char* selector) {
  std::string arguments;
  int offset = 16;
  for (const char* letter = selector; *letter; ++letter) {
    if (*letter != ':') continue;
    arguments += "^v" + std::to_string(offset);
    offset += 8;
  }
  return "@" + std::to_string(offset) + "@0:8" + arguments;
}

}  // namespace

void register_unsupported() {
  for (const Unsupported& method : kUnsupported) {
    add_method_with_encoding(class_named(method.owner), false, method.selector,
                             reinterpret_cast<Method>(refuse), encoding(method.selector).c_str());
  }
}

}  // namespace softmetal
