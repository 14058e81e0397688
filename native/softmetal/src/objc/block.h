// Blocks, by the Blocks ABI: literals that a host builds by hand or a compiler built.
#pragma once

#include <string>

namespace softmetal {

struct BlockDescriptor {
  unsigned long reserved, size;
  // With kHasCopy: copy and dispose first. Then, with kHasSignature: the signature.
};

struct Block {
  void* isa;
  int flags, reserved;
  void (*invoke)();
  BlockDescriptor* descriptor;
};

// A copy that outlives its scope, or null and a report when it is not a block or its signature is not the
// wanted one.
Block* copy_block(const void* block, const char* wanted_signature, const char* selector);
void release_block(Block* block);

template <class... Arguments>
void invoke_block(Block* block, Arguments... arguments) {
  reinterpret_cast<void (*)(Block*, Arguments...)>(block->invoke)(block, arguments...);
}

}  // namespace softmetal
