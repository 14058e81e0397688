// The Objective-C runtime's C functions, as a Metal client links or looks them up.
#include "objc/class.h"
#include "objc/foundation.h"

#pragma GCC visibility push(default)

using softmetal::Class;
using softmetal::MethodEntry;
using softmetal::Object;
using softmetal::Selector;

extern "C" {

void objc_msgSend();

// ---- selectors
Selector sel_registerName(const char* name) { return softmetal::selector_named(name); }
Selector sel_getUid(const char* name) { return softmetal::selector_named(name); }
const char* sel_getName(Selector selector) {
  return selector ? softmetal::text_of(selector) : "<null selector>";
}
bool sel_isMapped(Selector selector) { return softmetal::is_selector(selector); }
bool sel_isEqual(Selector one, Selector two) { return one == two; }

// ---- classes
Class* objc_lookUpClass(const char* name) {
  softmetal::run_registrations();
  Class* found = softmetal::find_class(name);
  return found && found->is_public ? found : nullptr;
}
Class* objc_getClass(const char* name) { return objc_lookUpClass(name); }
Class* objc_getRequiredClass(const char* name) { return objc_lookUpClass(name); }
Class* objc_getMetaClass(const char* name) {
  Class* found = objc_lookUpClass(name);
  return found ? found->isa : nullptr;
}
// Metal's protocols are classes of the same name that nobody can allocate.
Class* objc_getProtocol(const char* name) {
  softmetal::run_registrations();
  Class* found = softmetal::find_class(name);
  return found && !found->is_public ? found : nullptr;
}

Class* object_getClass(Object* object) {
  if (!object) return nullptr;
  return softmetal::is_block(object) ? softmetal::block_class() : object->isa;
}
const char* class_getName(Class* isa) { return isa ? isa->name.c_str() : "nil"; }
const char* object_getClassName(Object* object) { return class_getName(object_getClass(object)); }
Class* class_getSuperclass(Class* isa) { return isa ? isa->super : nullptr; }
bool class_isMetaClass(Class* isa) { return isa && isa->is_meta; }
bool object_isClass(Object* object) { return softmetal::is_object(object) && dynamic_cast<Class*>(object); }

// ---- methods
bool class_addMethod(Class* isa, Selector selector, softmetal::Method method, const char* types) {
  return isa && method && softmetal::add_entry(isa, selector, method, types ? types : "", false);
}
softmetal::Method class_replaceMethod(Class* isa, Selector selector, softmetal::Method method,
                                      const char* types) {
  const MethodEntry* old = softmetal::find_method(isa, selector);
  softmetal::add_entry(isa, selector, method, types ? types : "", true);
  return old ? old->function : nullptr;
}
const MethodEntry* class_getInstanceMethod(Class* isa, Selector selector) {
  return isa && softmetal::is_selector(selector) ? softmetal::find_method(isa, selector) : nullptr;
}
const MethodEntry* class_getClassMethod(Class* isa, Selector selector) {
  return isa ? class_getInstanceMethod(isa->isa, selector) : nullptr;
}
bool class_respondsToSelector(Class* isa, Selector selector) {
  return class_getInstanceMethod(isa, selector);
}
bool class_conformsToProtocol(Class* isa, Class* protocol) { return softmetal::is_kind_of(isa, protocol); }
const char* method_getTypeEncoding(const MethodEntry* method) {
  return method ? method->types.c_str() : nullptr;
}
Selector method_getName(const MethodEntry* method) { return method ? method->selector : nullptr; }
softmetal::Method method_getImplementation(const MethodEntry* method) {
  return method ? method->function : nullptr;
}
unsigned method_getNumberOfArguments(const MethodEntry* method) {
  return method ? softmetal::encoded_arguments(method->types.c_str(), 0) : 0;
}

// ---- a host's own classes
Class* objc_allocateClassPair(Class* super, const char* name, size_t extra_bytes) {
  softmetal::run_registrations();
  return softmetal::make_class(name, super ? super : softmetal::class_named("NSObject"), extra_bytes);
}
void objc_registerClassPair(Class* isa) { softmetal::publish_class(isa); }
void* object_getIndexedIvars(Object* object) { return object ? object + 1 : nullptr; }

// ---- references
Object* objc_retain(Object* object) { return softmetal::retain(object); }
void objc_release(Object* object) { softmetal::release(object); }
Object* objc_autorelease(Object* object) { return softmetal::autorelease(object); }
Object* objc_retainAutorelease(Object* object) { return softmetal::autorelease(softmetal::retain(object)); }
Object* objc_autoreleaseReturnValue(Object* object) { return softmetal::autorelease(object); }
Object* objc_retainAutoreleaseReturnValue(Object* object) { return objc_retainAutorelease(object); }
Object* objc_retainAutoreleasedReturnValue(Object* object) { return softmetal::retain(object); }
Object* objc_unsafeClaimAutoreleasedReturnValue(Object* object) { return object; }
Object* objc_claimAutoreleasedReturnValue(Object* object) { return softmetal::retain(object); }
Object* objc_retainBlock(Object* block) { return softmetal::retain(block); }
void objc_storeStrong(Object** place, Object* object) {
  Object* old = *place;
  *place = softmetal::retain(object);
  softmetal::release(old);
}
void* objc_autoreleasePoolPush() { return softmetal::push_pool(); }
void objc_autoreleasePoolPop(void* pool) { softmetal::pop_pool(pool); }

// ---- what compilers call instead of the commonest messages
static Object* send(Object* object, const char* selector) {
  return reinterpret_cast<Object* (*)(Object*, Selector)>(&objc_msgSend)(object,
                                                                         softmetal::selector_named(selector));
}
Object* objc_alloc(Class* isa) { return send(isa, "alloc"); }
Object* objc_allocWithZone(Class* isa) { return send(isa, "alloc"); }
Object* objc_alloc_init(Class* isa) { return send(send(isa, "alloc"), "init"); }
Object* objc_opt_new(Class* isa) { return send(isa, "new"); }
Object* objc_opt_class(Object* object) { return send(object, "class"); }
Object* objc_opt_self(Object* object) { return object; }
bool objc_opt_isKindOfClass(Object* object, Class* isa) {
  return object && isa && softmetal::is_kind_of(object_getClass(object), isa);
}
bool objc_opt_respondsToSelector(Object* object, Selector selector) {
  return object && class_respondsToSelector(object_getClass(object), selector);
}
Object* class_createInstance(Class* isa, size_t) { return send(isa, "alloc"); }
Object* object_dispose(Object* object) {
  softmetal::release(object);
  return nullptr;
}

}  // extern "C"

#pragma GCC visibility pop
