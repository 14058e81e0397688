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

struct BlockLiteral {
  void* isa;
  int flags, reserved;
  void (*invoke)();
  BlockDescriptor* descriptor;
};

// By its isa.
bool is_block(const void* pointer);
// A copy that outlives its scope, or null and a report when it is not a block or its signature is not the
// wanted one. Null for null.
BlockLiteral* copy_block(const void* block, const char* wanted_signature, const char* selector);
BlockLiteral* retain_block(BlockLiteral* block);
void release_block(BlockLiteral* block);

template <class... Arguments>
void invoke_block(BlockLiteral* block, Arguments... arguments) {
  reinterpret_cast<void (*)(BlockLiteral*, Arguments...)>(block->invoke)(block, arguments...);
}

}  // namespace softmetal
