// A block that Objective-C can copy and call, `^(id object) { ... }`, laid out by the Blocks ABI.
#pragma once
#include "metal/objc.h"

namespace fa::metal {

/// Whoever takes the block copies it, `size` bytes of it.
struct ObjectBlock {
  using Function = void (*)(void* context, Id object);

  struct Descriptor {
    unsigned long reserved, size;
    const char* signature;  ///< here, because there are no copy and dispose helpers
  };

  ObjectBlock(const Objc& objc, Function run, void* given)
      : isa(objc.stack_block_class()), function(run), context(given) {}

  static void call(ObjectBlock* self, Id object) { self->function(self->context, object); }

  static constexpr int32_t kHasSignature = 1 << 30;
  static const Descriptor kDescriptor;

  const void* isa;
  int32_t flags = kHasSignature;
  int32_t reserved = 0;
  void (*invoke)(ObjectBlock*, Id) = call;
  const Descriptor* descriptor = &kDescriptor;
  Function function;  ///< this and the next are what it captures
  void* context;
};

inline constexpr ObjectBlock::Descriptor ObjectBlock::kDescriptor = {0, sizeof(ObjectBlock), "v16@?0@8"};

}  // namespace fa::metal
