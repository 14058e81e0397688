// Reference counts, what is left of freed objects, and what is alive.
#include "objc/object.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <new>

#include "objc/block.h"
#include "objc/class.h"
#include "report/report.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

constexpr int64_t kImmortal = int64_t{1} << 60;
// Freed objects that are kept, so that memory does not grow without end.
constexpr size_t kZombies = 1 << 16;

// Lies where an object was.
class Zombie : public Object {
 public:
  explicit Zombie(Class* isa) : Object(isa, Uncounted{}) {
    references = 0;
    mark = Mark::kZombie;
  }
};

void bury(Object* grave, Class* isa) {
  static std::mutex* mutex = new std::mutex;
  static auto* graves = new std::deque<Object*>;
  new (grave) Zombie(isa);
  std::lock_guard guard(*mutex);
  graves->push_back(grave);
  if (graves->size() <= kZombies) return;
  ::operator delete(graves->front());
  graves->pop_front();
}

void destroy(Object* object) {
  Class* isa = object->isa;
  static const Selector dealloc = selector_named("dealloc");
  if (isa->of_host) {  // a host's own -dealloc; NSObject's does nothing
    if (const MethodEntry* method = find_method(isa, dealloc)) {
      reinterpret_cast<void (*)(Object*, Selector)>(method->function)(object, dealloc);
    }
  }
  bool keep = validating();
  object->~Object();
  if (keep) {
    bury(object, isa);
  } else {
    ::operator delete(object);
  }
}

Object::Mark mark_of(const void* pointer) {
  uintptr_t address = reinterpret_cast<uintptr_t>(pointer);
  if (address < 4096 || address % alignof(Object)) return Object::Mark{};
  return static_cast<const Object*>(pointer)->mark.load(std::memory_order_relaxed);
}

void report_misuse(const Object* object, const char* what) {
  if (is_zombie(object)) {
    report_object(std::string(object->isa->name) + ": " + what +
                  " a freed object (released once too often?)");
  } else {
    report_object(std::string(what) + " something that is no object");
  }
}

}  // namespace

Object::Object(Class* isa) : isa(isa) { isa->alive.fetch_add(1, std::memory_order_relaxed); }
Object::Object(Class* isa, Uncounted) : isa(isa), counted_(false) {}
Object::~Object() {
  if (counted_) isa->alive.fetch_sub(1, std::memory_order_relaxed);
}

std::string Object::description() const {
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<const void*>(this));
  return "<" + isa->name + ": " + address + ">";
}
bool Object::is_equal(const Object* other) const { return this == other; }
size_t Object::hash() const { return reinterpret_cast<uintptr_t>(this) >> 4; }

bool is_object(const void* pointer) { return mark_of(pointer) == Object::Mark::kAlive; }
bool is_zombie(const void* pointer) { return mark_of(pointer) == Object::Mark::kZombie; }

Object* retain(Object* object) {
  if (!object) return nullptr;
  if (is_object(object)) {
    object->references.fetch_add(1, std::memory_order_relaxed);
    return object;
  }
  if (is_block(object))
    return reinterpret_cast<Object*>(retain_block(reinterpret_cast<BlockLiteral*>(object)));
  report_misuse(object, "retain of");
  return nullptr;
}

void release(Object* object) {
  if (!object) return;
  if (is_object(object)) {
    if (object->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(object);
  } else if (is_block(object)) {
    release_block(reinterpret_cast<BlockLiteral*>(object));
  } else {
    report_misuse(object, "release of");
  }
}

Object* make_immortal(Object* object) {
  if (object->counted_) object->isa->alive.fetch_sub(1, std::memory_order_relaxed);
  object->counted_ = false;
  object->references = kImmortal;
  return object;
}

void report_wrong_class(const Object* object, const char* wanted, const char* selector) {
  std::string got = "something that is no object";
  if (is_object(object)) got = "an object of class " + object->isa->name;
  if (is_zombie(object)) got = "a freed object of class " + object->isa->name;
  report_object(std::string(selector) + " was given " + got + "; wanted: " + wanted);
}

std::string readable_type(const std::type_info& type) {
  int status;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : type.name();
  std::free(readable);
  return name.substr(name.rfind(':') + 1);
}

size_t live_objects(const char* class_name_or_null) {
  size_t alive = 0;
  for (Class* isa : all_classes()) {
    if (!class_name_or_null || isa->name == class_name_or_null) alive += isa->alive;
  }
  return alive;
}

namespace {

// After the program's own exit handlers, so that only what nobody let go of is left.
__attribute__((destructor)) void report_leaks() {
  if (!current_settings().leaks) return;
  for (Class* isa : all_classes()) {
    if (size_t alive = isa->alive) {
      Report leak{};
      leak.kind = ReportKind::kLeak;
      leak.message =
          isa->name + ": " + std::to_string(alive) + (alive == 1 ? " object" : " objects") + " alive at exit";
      if (size_t unpooled = isa->unpooled) {
        leak.message += ", " + std::to_string(unpooled) + " autoreleased with no pool in place";
      }
      std::fprintf(stderr, "softmetal: %s\n", to_text(leak).c_str());
    }
  }
}

}  // namespace
}  // namespace softmetal
