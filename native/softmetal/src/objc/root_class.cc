// NSObject's methods. Class objects understand those of instances too.
#include <cstdlib>
#include <new>

#include "objc/builtin.h"
#include "objc/class.h"
#include "objc/foundation.h"

namespace softmetal {
namespace {

Class* class_of(Object* object) { return is_block(object) ? block_class() : object->isa; }

// The nearest class that knows how to make an instance.
Object* allocate(Class* self, Selector) {
  for (Class* isa = self; isa; isa = isa->super) {
    if (auto make = isa->allocate.load()) return make(self);
  }
  return nullptr;
}

// Of NSObject and of a host's own classes: the object and the bytes its class asked for, as zeros.
Object* allocate_plain(Class* isa) {
  struct Plain : Object {
    using Object::Object;
  };
  if (!isa->of_host && isa->super) {
    report_object("+[" + isa->name + " alloc]: Metal makes these objects, not the client");
    return nullptr;
  }
  size_t size = sizeof(Plain) + isa->extra_bytes;
  void* memory = ::operator new(size);
  __builtin_memset(memory, 0, size);
  return new (memory) Plain(isa);
}

Object* send_init(Object* object) {
  static const Selector init = selector_named("init");
  if (!object) return nullptr;
  const MethodEntry* method = find_method(object->isa, init);
  return reinterpret_cast<Object* (*)(Object*, Selector)>(method->function)(object, init);
}

bool responds(Object* self, Selector, Selector asked) {
  return is_selector(asked) && find_method(class_of(self), asked);
}

void add_making_and_counting() {
  Class* root = class_named("NSObject");
  set_allocator(root, &allocate_plain);
  add_class_method("NSObject", "alloc", &allocate);
  add_class_method(
      "NSObject", "new", +[](Class* self, Selector command) { return send_init(allocate(self, command)); });
  add_class_method("NSObject", "class", +[](Class* self, Selector) { return self; });
  add_class_method("NSObject", "superclass", +[](Class* self, Selector) { return self->super; });
  add_class_method(
      "NSObject", "instancesRespondToSelector:", +[](Class* self, Selector, Selector asked) {
        return is_selector(asked) && find_method(self, asked);
      });
  add_class_method(
      "NSObject", "isSubclassOfClass:", +[](Class* self, Selector, Class* ancestor) {
        return ancestor && is_kind_of(self, ancestor);
      });
  add_method("NSObject", "init", +[](Object* self, Selector) { return self; });
  add_method("NSObject", "dealloc", +[](Object*, Selector) {});
  add_method("NSObject", "self", +[](Object* self, Selector) { return self; });
  add_method("NSObject", "retain", +[](Object* self, Selector) { return retain(self); });
  add_method("NSObject", "release", +[](Object* self, Selector) { release(self); });
  add_method("NSObject", "autorelease", +[](Object* self, Selector) { return autorelease(self); });
  add_method(
      "NSObject", "retainCount",
      +[](Object* self, Selector) -> unsigned long { return self->references.load(); });
}

void add_questions() {
  add_method("NSObject", "class", +[](Object* self, Selector) { return class_of(self); });
  add_method("NSObject", "superclass", +[](Object* self, Selector) { return class_of(self)->super; });
  add_method(
      "NSObject", "isKindOfClass:", +[](Object* self, Selector, Class* wanted) {
        return wanted && is_kind_of(class_of(self), wanted);
      });
  add_method(
      "NSObject",
      "isMemberOfClass:", +[](Object* self, Selector, Class* wanted) { return class_of(self) == wanted; });
  add_method("NSObject", "respondsToSelector:", &responds);
  // A protocol is the class of its name here: objc_getProtocol.
  add_method(
      "NSObject", "conformsToProtocol:", +[](Object* self, Selector, Class* protocol) {
        return protocol && is_kind_of(class_of(self), protocol);
      });
  add_method("NSObject", "isProxy", +[](Object*, Selector) { return false; });
  add_method(
      "NSObject", "isEqual:", +[](Object* self, Selector, Object* other) {
        return is_object(other) && self->is_equal(other);
      });
  add_method("NSObject", "hash", +[](Object* self, Selector) -> unsigned long { return self->hash(); });
  add_method(
      "NSObject", "description",
      +[](Object* self, Selector) -> Object* { return autoreleased_string(self->description()); });
  add_method(
      "NSObject", "debugDescription",
      +[](Object* self, Selector) -> Object* { return autoreleased_string(self->description()); });
}

// Objects that cannot change are their own copies; others have a -copyWithZone:.
Object* copy(Object* self, Selector) {
  static const Selector with_zone = selector_named("copyWithZone:");
  const MethodEntry* method = find_method(self->isa, with_zone);
  if (method)
    return reinterpret_cast<Object* (*)(Object*, Selector, void*)>(method->function)(self, with_zone,
                                                                                     nullptr);
  report_object("-[" + self->isa->name + " copy]: this class cannot be copied");
  return nullptr;
}

void add_copies() {
  add_method("NSObject", "copy", &copy);
  for (const char* unchanging :
       {"NSString", "NSArray", "NSDictionary", "NSNumber", "NSError", "NSURL", "NSData"}) {
    add_method(unchanging, "copyWithZone:", +[](Object* self, Selector, void*) { return retain(self); });
  }
}

void add_block_methods() {
  add_method("NSBlock", "copy", +[](Object* self, Selector) { return retain(self); });
  add_method(
      "NSBlock", "description",
      +[](Object*, Selector) -> Object* { return autoreleased_string("<NSBlock>"); });
}

}  // namespace

void add_root_methods() {
  add_making_and_counting();
  add_questions();
  add_copies();
  add_block_methods();
}

}  // namespace softmetal
