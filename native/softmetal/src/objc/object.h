// The Objective-C runtime's objects: classes with methods by selector, reference counts, autorelease pools.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <unordered_map>

namespace softmetal {

class Class;
struct SelectorName;                   // opaque
using Selector = const SelectorName*;  // SEL
using Method = void (*)();             // IMP

// First member of every object, as in the real runtime.
class Object {
 public:
  explicit Object(Class* isa);
  virtual ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  Class* isa;  // see objc/runtime.cc for how objc_msgSend finds it
  std::atomic<int64_t> references{1};
};

Object* retain(Object* object);
void release(Object* object);
Object* autorelease(Object* object);  // into the calling thread's innermost pool

// A class by name; made on first use, below NSObject. Methods are plain functions R(Self *, Selector,
// Arguments...).
Class* class_named(const char* name);
void add_method_with_encoding(Class* owner, bool of_class, const char* selector, Method method,
                              const char* types);

template <class R, class Self, class... Arguments>
void add_method(const char* owner, const char* selector, R (*method)(Self*, Selector, Arguments...)) {
  add_method_with_encoding(class_named(owner), false, selector, reinterpret_cast<Method>(method), "");
}
template <class R, class... Arguments>
void add_class_method(const char* owner, const char* selector, R (*method)(Class*, Selector, Arguments...)) {
  add_method_with_encoding(class_named(owner), true, selector, reinterpret_cast<Method>(method), "");
}

// Objects alive, by class, for leak reports and tests. Singletons made by the runtime itself are not among
// them.
size_t live_objects(const char* class_name_or_null);

}  // namespace softmetal
