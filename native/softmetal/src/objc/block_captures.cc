// What compiled blocks call to keep and let go what they capture: objects, other blocks and __block
// variables.
#include <cstdlib>
#include <cstring>

#include "objc/class.h"

namespace softmetal {
namespace {

enum CaptureKind : int {
  kObjectCapture = 3,
  kBlockCapture = 7,
  kVariableCapture = 8,  // declared __block
  kWeakCapture = 16,     // and 128: what a __block variable itself holds, which is not retained
};

// A __block variable: all who use it go through `forwarding`, which leads to its copy once there is one.
struct SharedVariable {
  void* isa;
  SharedVariable* forwarding;
  int flags;
  unsigned size;
};
struct VariableHelpers {  // behind it, with kBlockHasCopy
  void (*keep)(SharedVariable* to, SharedVariable* from);
  void (*destroy)(SharedVariable* variable);
};
VariableHelpers& helpers_of(SharedVariable* variable) {
  return *reinterpret_cast<VariableHelpers*>(variable + 1);
}

SharedVariable* copy_variable(SharedVariable* variable) {
  SharedVariable* shared = variable->forwarding;
  if (shared->flags & kBlockOnHeap) {
    __atomic_add_fetch(&shared->flags, 2, __ATOMIC_RELAXED);
    return shared;
  }
  auto* copy = static_cast<SharedVariable*>(std::malloc(variable->size));
  std::memcpy(static_cast<void*>(copy), variable, variable->size);
  copy->isa = nullptr;
  copy->flags = variable->flags | kBlockOnHeap | 4;  // held by the block and by the variable's scope
  copy->forwarding = variable->forwarding = copy;
  if (variable->flags & kBlockHasCopy) helpers_of(copy).keep(copy, variable);
  return copy;
}

void release_variable(SharedVariable* variable) {
  variable = variable->forwarding;
  if (!(variable->flags & kBlockOnHeap)) return;
  if (__atomic_sub_fetch(&variable->flags, 2, __ATOMIC_ACQ_REL) & kBlockReferences) return;
  if (variable->flags & kBlockHasCopy) helpers_of(variable).destroy(variable);
  std::free(variable);
}

}  // namespace
}  // namespace softmetal

#pragma GCC visibility push(default)
extern "C" {

void _Block_object_assign(void* place, const void* value, int kind) {
  using namespace softmetal;
  void* captured = const_cast<void*>(value);
  if (captured && kind == kObjectCapture) captured = retain(static_cast<Object*>(captured));
  if (captured && kind == kBlockCapture) captured = retain_block(static_cast<BlockLiteral*>(captured));
  if ((kind & ~kWeakCapture) == kVariableCapture)
    captured = copy_variable(static_cast<SharedVariable*>(captured));
  *static_cast<void**>(place) = captured;
}

void _Block_object_dispose(const void* value, int kind) {
  using namespace softmetal;
  void* captured = const_cast<void*>(value);
  if (kind == kObjectCapture) release(static_cast<Object*>(captured));
  if (kind == kBlockCapture) release_block(static_cast<BlockLiteral*>(captured));
  if ((kind & ~kWeakCapture) == kVariableCapture) release_variable(static_cast<SharedVariable*>(captured));
}

}  // extern "C"
#pragma GCC visibility pop
