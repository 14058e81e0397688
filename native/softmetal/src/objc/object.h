// The Objective-C runtime's objects: classes with methods by selector, reference counts, autorelease pools.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <typeinfo>

#include "objc/encoding.h"

namespace softmetal {

class Class;
struct SelectorName;                   // opaque
using Selector = const SelectorName*;  // SEL
using Method = void (*)();             // IMP

// First base of every object; an id points at it. Made by plain `new`, gone by release().
class Object {
 public:
  explicit Object(Class* isa);
  virtual ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  // What -description, -isEqual: and -hash say.
  virtual std::string description() const;
  virtual bool is_equal(const Object* other) const;
  virtual size_t hash() const;

  Class* isa;
  std::atomic<int64_t> references{1};
  // Tells an object from a freed one and from memory that is none at all.
  enum class Mark : uint64_t { kAlive = 0x736d206f626a6563, kZombie = 0x736d2066726565ff };
  std::atomic<Mark> mark{Mark::kAlive};

 protected:
  friend Object* make_immortal(Object* object);
  struct Uncounted {};  // the runtime's own objects: classes, zombies
  Object(Class* isa, Uncounted);
  bool counted_ = true;
};

// Nil is allowed. Null and a report when it is no object (any more).
Object* retain(Object* object);
void release(Object* object);
Object* autorelease(Object* object);  // into the calling thread's innermost pool
// Lives as long as the process and is not among the live objects: singletons. Returns the same object.
Object* make_immortal(Object* object);

// By its mark, which nothing else has at this place: neither a block nor foreign memory.
bool is_object(const void* pointer);
bool is_zombie(const void* pointer);  // freed, and kept because validation is on

// Objective-C's innermost pool of this thread, for as long as this lives: handlers and queues.
class AutoreleasePool {
 public:
  AutoreleasePool();
  ~AutoreleasePool();
  AutoreleasePool(const AutoreleasePool&) = delete;
  AutoreleasePool& operator=(const AutoreleasePool&) = delete;

 private:
  void* token_;
};

// A class by name; made on first use, below NSObject. Methods are plain functions R(Self *, Selector,
// Arguments...).
Class* class_named(const char* name);
const char* name_of(const Class* isa);
bool is_kind_of(const Class* isa, const Class* ancestor);
// objc_getClass finds it. A class that has a class method is public anyway.
void make_public(Class* isa);

// Refuses (and ends the process, since it is the device's own mistake) types that do not fit the selector.
void add_method_with_encoding(Class* owner, bool of_class, const char* selector, Method method,
                              const char* types);

// A host may pass any object as an argument, so methods take Object* and convert with checked<T>().
template <class T>
constexpr bool kArgumentIsSafe =
    !(std::is_pointer_v<T> && is_object_type<std::remove_cv_t<std::remove_pointer_t<T>>>()) ||
    std::is_same_v<T, Object*> || std::is_same_v<T, Class*> || std::is_same_v<T, const Object*>;

template <class R, class Self, class... Arguments>
void add_method(const char* owner, const char* selector, R (*method)(Self*, Selector, Arguments...)) {
  static_assert(std::is_base_of_v<Object, Self>, "self is an Object");
  static_assert((kArgumentIsSafe<Arguments> && ...), "take Object* and convert with checked<T>()");
  add_method_with_encoding(class_named(owner), false, selector, reinterpret_cast<Method>(method),
                           method_encoding<R, Arguments...>().c_str());
}
template <class R, class... Arguments>
void add_class_method(const char* owner, const char* selector, R (*method)(Class*, Selector, Arguments...)) {
  static_assert((kArgumentIsSafe<Arguments> && ...), "take Object* and convert with checked<T>()");
  add_method_with_encoding(class_named(owner), true, selector, reinterpret_cast<Method>(method),
                           method_encoding<R, Arguments...>().c_str());
}

// What +alloc makes.
void set_allocator(Class* isa, Object* (*allocate)(Class* isa));
template <class T>
void allocate_with(const char* class_name) {
  set_allocator(class_named(class_name), [](Class*) -> Object* { return new T; });
}

// `static Registration r(&add_buffer_methods);` at namespace scope: runs once, before the first class or
// method is looked up.
struct Registration {
  explicit Registration(void (*add)());
  void (*add)();
  Registration* next;
};

// kObject: "-[MTLDevice newBufferWithLength:options:]: ...".
void report_object(const std::string& message);
void report_wrong_class(const Object* object, const char* wanted, const char* selector);
std::string readable_type(const std::type_info& type);

// What reports call a T: T::kClassName if there is one ("MTLBuffer"), else its name in C++.
template <class T>
std::string class_name_of() {
  if constexpr (requires { T::kClassName; }) return T::kClassName;
  return readable_type(typeid(T));
}

// The object as a T; null for nil, and null with a report for anything else.
template <class T>
T* checked(Object* object, const char* selector) {
  if (!object) return nullptr;
  T* result = is_object(object) ? dynamic_cast<T*>(object) : nullptr;
  if (!result) report_wrong_class(object, class_name_of<T>().c_str(), selector);
  return result;
}

// Objects alive, by class, for leak reports and tests. Singletons made by the runtime itself are not among
// them.
size_t live_objects(const char* class_name_or_null);

}  // namespace softmetal
