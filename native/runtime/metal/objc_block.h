// A block that Objective-C can copy and call, `^(id object) { ... }`, laid out by the Blocks ABI.
#pragma once
#include "metal/objc.h"

namespace fa::metal {

class ObjectBlock {
 public:
  using Function = void (*)(void* context, Id object);

  /// Whoever takes the block copies it; `context` is all that it captures.
  ObjectBlock(const Objc& objc, Function function, void* context)
      : isa_(objc.stack_block_class()), function_(function), context_(context) {}

 private:
  static constexpr int32_t kHasSignature = 1 << 30;

  struct Descriptor {
    unsigned long reserved, size;
    const char* signature;  ///< here, because there are no copy and dispose helpers
  };

  static void invoke(ObjectBlock* self, Id object) { self->function_(self->context_, object); }
  static const Descriptor* descriptor() {
    static constexpr Descriptor kDescriptor = {0, sizeof(ObjectBlock), "v16@?0@8"};
    return &kDescriptor;
  }

  const void* isa_;
  int32_t flags_ = kHasSignature;
  int32_t reserved_ = 0;
  void (*invoke_)(ObjectBlock*, Id) = invoke;
  const Descriptor* descriptor_ = descriptor();
  Function function_;
  void* context_;
};

}  // namespace fa::metal
