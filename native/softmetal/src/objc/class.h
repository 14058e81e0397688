// What a class is, for the runtime's own files.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <unordered_map>

#include "objc/block.h"
#include "objc/object.h"

namespace softmetal {

struct MethodEntry {
  Selector selector;
  Method function;
  std::string types;
  bool result_in_memory;  // x86-64: to be called by objc_msgSend_stret
};

class Class : public Object {
 public:
  // Together with its metaclass; `super` is null for NSObject only.
  Class(std::string name, Class* super);

  std::string description() const override { return name; }

  const std::string name;
  Class* const super;
  const bool is_meta;
  std::atomic<bool> is_public{false};
  std::atomic<Object* (*)(Class*)> allocate{nullptr};
  bool of_host = false;                       // made by objc_allocateClassPair, or below such a class
  size_t extra_bytes = 0;                     // of its instances, behind the object
  std::atomic<size_t> alive{0}, unpooled{0};  // unpooled: autoreleased with no pool
  // Under the runtime's mutex; entries stay where they are.
  std::unordered_map<Selector, const MethodEntry*> methods;

 private:
  struct Meta {};
  Class(Meta, std::string name, Class* super);
};

Selector selector_named(const char* name);
inline const char* text_of(Selector selector) { return reinterpret_cast<const char*>(selector); }
// Not every pointer to characters is a selector: it must come from selector_named().
bool is_selector(Selector selector);

void run_registrations();
Class* find_class(const char* name);
// A host's class; null when the name is taken. Registered only by publish_class.
Class* make_class(const char* name, Class* super, size_t extra_bytes);
void publish_class(Class* isa);
std::deque<Class*> all_classes();

// False when the class has a method of its own by that name.
bool add_entry(Class* isa, Selector selector, Method method, const char* types, bool replace);
const MethodEntry* find_method(Class* isa, Selector selector);  // cached; null when there is none

// Always finds something to jump to. `entry` tells objc_msgSend (0), _stret (1) and _fpret (2) apart.
Method find_for_message(Object* self, Selector selector, unsigned entry);

void* push_pool();
void pop_pool(void* token);

Class* block_class();

}  // namespace softmetal
