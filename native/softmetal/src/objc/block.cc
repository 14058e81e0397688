#include "objc/block.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "objc/class.h"

#define SOFTMETAL_EXPORT extern "C" __attribute__((visibility("default")))

SOFTMETAL_EXPORT void* _NSConcreteStackBlock[32];
SOFTMETAL_EXPORT void* _NSConcreteGlobalBlock[32];
SOFTMETAL_EXPORT void* _NSConcreteMallocBlock[32];
void *_NSConcreteStackBlock[32] = {}, *_NSConcreteGlobalBlock[32] = {}, *_NSConcreteMallocBlock[32] = {};

namespace softmetal {
namespace {

// A program that was not linked position-independent has its own copy of these arrays, and its blocks point
// at that.
struct BlockClass {
  const void *own, *seen_by_program;
  bool operator==(const void* isa) const { return isa == own || isa == seen_by_program; }
};
BlockClass block_class_of(const void* own, const char* name) {
  void* seen = dlsym(RTLD_DEFAULT, name);
  return {own, seen ? seen : own};
}

enum class Kind { kNone, kStack, kGlobal, kHeap };

Kind kind_of(const void* isa) {
  static const BlockClass stack = block_class_of(_NSConcreteStackBlock, "_NSConcreteStackBlock");
  static const BlockClass global = block_class_of(_NSConcreteGlobalBlock, "_NSConcreteGlobalBlock");
  static const BlockClass heap = block_class_of(_NSConcreteMallocBlock, "_NSConcreteMallocBlock");
  if (stack == isa) return Kind::kStack;
  if (global == isa) return Kind::kGlobal;
  return heap == isa ? Kind::kHeap : Kind::kNone;
}

// The system checks the address when it copies from it.
bool is_readable(const void* address, size_t size) {
  int ends[2];
  if (size > 4096 || pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return true;
  bool readable = write(ends[1], address, size) == static_cast<ssize_t>(size);
  close(ends[0]);
  close(ends[1]);
  return readable;
}

bool is_readable_text(const char* text) {
  for (size_t length = 0; length < 1024; length++) {
    // A page begins readable or not as a whole.
    if ((length == 0 || reinterpret_cast<uintptr_t>(text + length) % 4096 == 0) &&
        !is_readable(text + length, 1)) {
      return false;
    }
    if (!text[length]) return true;
  }
  return false;
}

struct Helpers {
  void (*copy)(void* to, const void* from);
  void (*dispose)(const void* block);
};
Helpers& helpers_of(const BlockLiteral* block) { return *reinterpret_cast<Helpers*>(block->descriptor + 1); }

// Behind the helpers if there are any: a host that forgets this has its signature in the wrong place.
const char** signature_place(const BlockLiteral* block) {
  char* end = reinterpret_cast<char*>(block->descriptor + 1);
  return reinterpret_cast<const char**>(block->flags & kBlockHasCopy ? end + sizeof(Helpers) : end);
}

// What is wrong with it; empty when nothing is.
std::string problem_of(const BlockLiteral* block, const char* wanted) {
  if (!is_readable(block, sizeof(BlockLiteral))) return "not readable memory";
  Kind kind = kind_of(block->isa);
  if (kind == Kind::kNone) return "its isa is none of the block classes";
  if ((kind == Kind::kGlobal) != !!(block->flags & kBlockIsGlobal) ||
      (kind == Kind::kHeap) != !!(block->flags & kBlockOnHeap)) {
    return "its flags do not fit its isa";
  }
  if (!block->invoke || !is_readable(reinterpret_cast<const void*>(block->invoke), 1))
    return "nothing to invoke";
  if (!block->descriptor || !is_readable(block->descriptor, sizeof(BlockDescriptor))) return "no descriptor";
  size_t size = block->descriptor->size;
  if (size < sizeof(BlockLiteral) || size > 1 << 20) {
    return "its descriptor's size is " + std::to_string(size) + ", its head has " +
           std::to_string(sizeof(BlockLiteral));
  }
  if (block->flags & kBlockHasCopy) {
    if (!is_readable(&helpers_of(block), sizeof(Helpers))) return "its descriptor has no copy and dispose";
    Helpers helpers = helpers_of(block);
    if (!is_readable(reinterpret_cast<const void*>(helpers.copy), 1) ||
        !is_readable(reinterpret_cast<const void*>(helpers.dispose), 1)) {
      return "its copy and dispose helpers (flag 1 << 25) are no functions";
    }
  }
  if (!(block->flags & kBlockHasSignature)) return "";
  const char** place = signature_place(block);
  if (!is_readable(place, sizeof *place) || !is_readable_text(*place) || encoded_arguments(*place, 1) < 0) {
    return "no signature where its flags say there is one (behind copy and dispose with flag 1 << 25, else "
           "at "
           "offset 16 of the descriptor)";
  }
  if (!same_signature(*place, wanted))
    return std::string("its signature is ") + *place + ", wanted is " + wanted;
  return "";
}

BlockLiteral* copy_to_heap(const BlockLiteral* block) {
  BlockLiteral* copy = static_cast<BlockLiteral*>(std::malloc(block->descriptor->size));
  std::memcpy(static_cast<void*>(copy), block, block->descriptor->size);
  copy->flags = (block->flags & ~0xffff) | kBlockOnHeap | 2;
  copy->isa = _NSConcreteMallocBlock;
  if (block->flags & kBlockHasCopy) helpers_of(block).copy(copy, block);
  return copy;
}

}  // namespace

bool is_block(const void* pointer) {
  uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  return address >= 4096 && address % alignof(BlockLiteral) == 0 &&
         kind_of(static_cast<const BlockLiteral*>(pointer)->isa) != Kind::kNone;
}

Class* block_class() {
  static Class* isa = class_named("NSBlock");
  return isa;
}

BlockLiteral* retain_block(BlockLiteral* block) {
  if (block->flags & kBlockIsGlobal) return block;
  if (!(block->flags & kBlockOnHeap)) return copy_to_heap(block);
  __atomic_add_fetch(&block->flags, 2, __ATOMIC_RELAXED);
  return block;
}

void release_block(BlockLiteral* block) {
  if (!block || block->flags & kBlockIsGlobal || !(block->flags & kBlockOnHeap)) return;
  if (!(__atomic_load_n(&block->flags, __ATOMIC_RELAXED) & kBlockReferences)) {
    return report_object("release of a block that nobody holds");
  }
  if (__atomic_sub_fetch(&block->flags, 2, __ATOMIC_ACQ_REL) & kBlockReferences) return;
  if (block->flags & kBlockHasCopy) helpers_of(block).dispose(block);
  std::free(block);
}

BlockLiteral* copy_block(const void* pointer, const char* wanted_signature, const char* selector) {
  if (!pointer) return nullptr;
  auto* block = static_cast<BlockLiteral*>(const_cast<void*>(pointer));
  std::string problem = problem_of(block, wanted_signature);
  if (problem.empty()) return retain_block(block);
  report_object(std::string("the block given to ") + selector + " cannot be used: " + problem);
  return nullptr;
}

}  // namespace softmetal

SOFTMETAL_EXPORT void* _Block_copy(const void* block) {
  using namespace softmetal;
  if (!block) return nullptr;
  if (is_block(block)) return retain_block(static_cast<BlockLiteral*>(const_cast<void*>(block)));
  report_object("_Block_copy of something whose isa is no block class");
  return nullptr;
}

SOFTMETAL_EXPORT void _Block_release(const void* block) {
  using namespace softmetal;
  if (!block) return;
  if (is_block(block)) return release_block(static_cast<BlockLiteral*>(const_cast<void*>(block)));
  report_object("_Block_release of something whose isa is no block class");
}
