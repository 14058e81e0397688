// Autorelease pools: one stack of objects per thread, cut into pools.
#include <vector>

#include "objc/class.h"

namespace softmetal {
namespace {

struct Pool {
  uintptr_t token;
  size_t begin;  // of its objects on the stack
};

// Set once the thread's stack is gone; other thread-local destructors may still autorelease.
thread_local bool thread_ended = false;

class PoolStack {
 public:
  ~PoolStack() {  // as Apple's runtime: pools left open are emptied
    if (!pools_.empty()) empty(0);
    thread_ended = true;
  }

  void* push() {
    static std::atomic<uintptr_t> last_token{0};
    pools_.push_back({++last_token, objects_.size()});
    return reinterpret_cast<void*>(pools_.back().token);
  }

  // Inner pools that are still open go with it.
  void pop(void* token) {
    for (size_t i = pools_.size(); i-- > 0;) {
      if (pools_[i].token == reinterpret_cast<uintptr_t>(token)) return empty(i);
    }
    report_object("an autorelease pool was popped twice, after its outer pool, or on another thread");
  }

  bool add(Object* object) {
    if (pools_.empty()) return false;
    objects_.push_back(object);
    return true;
  }

 private:
  void empty(size_t index) {
    size_t begin = pools_[index].begin;
    // What dies here may autorelease others, which then go the same way.
    while (objects_.size() > begin) {
      Object* object = objects_.back();
      objects_.pop_back();
      release(object);
    }
    pools_.resize(index);
  }

  std::vector<Object*> objects_;
  std::vector<Pool> pools_;
};

PoolStack& stack_of_thread() {
  thread_local PoolStack stack;
  return stack;
}

}  // namespace

void* push_pool() { return thread_ended ? nullptr : stack_of_thread().push(); }

void pop_pool(void* token) {
  if (!thread_ended) stack_of_thread().pop(token);
}

Object* autorelease(Object* object) {
  if (!object || is_block(object)) return object;
  if (!is_object(object)) {
    report_object("autorelease of a freed object, or of something that is no object");
    return nullptr;
  }
  if (thread_ended || !stack_of_thread().add(object)) {
    object->isa->unpooled.fetch_add(1, std::memory_order_relaxed);
  }
  return object;
}

AutoreleasePool::AutoreleasePool() : token_(push_pool()) {}
AutoreleasePool::~AutoreleasePool() { pop_pool(token_); }

}  // namespace softmetal
