// Blocks, by the Blocks ABI: literals that a host builds by hand or a compiler built.
#pragma once

#include <string>

namespace softmetal {

struct BlockDescriptor {
  unsigned long reserved, size;
  // With kHasCopy: copy and dispose first. Then, with kHasSignature: the signature.
};

enum BlockFlags : int {
  kBlockReferences = 0xfffe,  // of a copy, in steps of 2
  kBlockOnHeap = 1 << 24,
  kBlockHasCopy = 1 << 25,
  kBlockIsGlobal = 1 << 28,
  kBlockHasSignature = 1 << 30,
};

struct Block {
  void* isa;
  int flags, reserved;
  void (*invoke)();
  BlockDescriptor* descriptor;
};

// By its isa.
bool is_block(const void* pointer);
// A copy that outlives its scope, or null and a report when it is not a block or its signature is not the
// wanted one. Null for null.
Block* copy_block(const void* block, const char* wanted_signature, const char* selector);
Block* retain_block(Block* block);
void release_block(Block* block);

template <class... Arguments>
void invoke_block(Block* block, Arguments... arguments) {
  reinterpret_cast<void (*)(Block*, Arguments...)>(block->invoke)(block, arguments...);
}

}  // namespace softmetal
