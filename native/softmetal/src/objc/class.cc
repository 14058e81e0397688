#include "objc/class.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "objc/builtin.h"

namespace softmetal {
namespace {

// Never destroyed: objects die while the process ends.
struct Table {
  std::mutex mutex;
  std::map<std::string, Class*, std::less<>> by_name;
};
Table& table() {
  static Table* all = new Table;
  return *all;
}

Class* class_locked(const std::string& name, Class* super) {
  Class*& entry = table().by_name[name];
  if (!entry) entry = new Class(name, super);
  return entry;
}

std::atomic<Registration*> registrations{nullptr};

}  // namespace

Class::Class(Meta, std::string name, Class* super)
    : Object(nullptr, Uncounted{}), name(std::move(name)), super(super), is_meta(true) {}

Class::Class(std::string name, Class* super)
    : Object(nullptr, Uncounted{}), name(name), super(super), is_meta(false) {
  // The root's metaclass inherits from the root: class objects understand NSObject's instance methods too.
  isa = new Class(Meta{}, name, super ? super->isa : this);
  isa->isa = super ? super->isa->isa : isa;
}

Class* class_named(const char* name) {
  std::lock_guard guard(table().mutex);
  Class* root = class_locked("NSObject", nullptr);
  return class_locked(name, root);
}

Class* find_class(const char* name) {
  std::lock_guard guard(table().mutex);
  auto found = table().by_name.find(std::string_view(name));
  return found == table().by_name.end() ? nullptr : found->second;
}

Class* make_class(const char* name, Class* super, size_t extra_bytes) {
  if (find_class(name)) return nullptr;
  Class* made = new Class(name, super);
  made->of_host = true;
  made->extra_bytes = super->extra_bytes + extra_bytes;
  return made;
}

void publish_class(Class* isa) {
  {
    std::lock_guard guard(table().mutex);
    table().by_name.emplace(isa->name, isa);
  }
  make_public(isa);
}

std::deque<Class*> all_classes() {
  std::lock_guard guard(table().mutex);
  std::deque<Class*> all;
  for (auto& [name, isa] : table().by_name) all.push_back(isa);
  return all;
}

const char* name_of(const Class* isa) { return isa->name.c_str(); }
void make_public(Class* isa) { isa->is_public = true; }

bool is_kind_of(const Class* isa, const Class* ancestor) {
  while (isa && isa != ancestor) isa = isa->super;
  return isa != nullptr;
}

void set_allocator(Class* isa, Object* (*allocate)(Class*)) {
  isa->allocate = allocate;
  make_public(isa);
}

void add_method_with_encoding(Class* owner, bool of_class, const char* selector, Method method,
                              const char* types) {
  int colons = 0;
  for (const char* letter = selector; *letter; letter++) colons += *letter == ':';
  if (encoded_arguments(types, 2) != colons) {
    std::fprintf(stderr, "softmetal: %c[%s %s] cannot have the signature %s\n", of_class ? '+' : '-',
                 owner->name.c_str(), selector, types);
    std::abort();
  }
  if (of_class) make_public(owner);
  add_entry(of_class ? owner->isa : owner, selector_named(selector), method, types, true);
}

Registration::Registration(void (*add)()) : add(add), next(registrations) {
  while (!registrations.compare_exchange_weak(next, this)) {
  }
}

void run_registrations() {
  static std::recursive_mutex* one_at_a_time = new std::recursive_mutex;
  std::lock_guard guard(*one_at_a_time);
  static bool builtin_done = false;
  if (!builtin_done) {
    builtin_done = true;
    add_builtin_classes();
  }
  for (Registration* one = registrations.exchange(nullptr); one; one = one->next) one->add();
}

}  // namespace softmetal
