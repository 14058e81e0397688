// NSAutoreleasePool, NSProcessInfo, NSURL and NSData.
#include <unistd.h>

#include <thread>

#include "objc/builtin.h"
#include "objc/foundation.h"

namespace softmetal {

Url::Url(std::string path) : Object(class_named(kClassName)), path(std::move(path)) {}
Data::Data(std::vector<char> bytes) : Object(class_named(kClassName)), bytes(std::move(bytes)) {}

struct OperatingSystemVersion {
  long major, minor, patch;
};
template <>
struct StructEncoding<OperatingSystemVersion> {
  static constexpr const char* text = "{?=qqq}";
};

namespace {

// The version that a client's own checks see: the first macOS with Metal 3.1 (bfloat).
constexpr OperatingSystemVersion kVersion = {14, 0, 0};

struct PoolObject : Object {
  PoolObject() : Object(class_named("NSAutoreleasePool")) {}
  AutoreleasePool pool;
};

struct ProcessInfo : Object {
  ProcessInfo() : Object(class_named("NSProcessInfo")) {}
};

bool is_at_least(ProcessInfo*, Selector, OperatingSystemVersion wanted) {
  if (kVersion.major != wanted.major) return kVersion.major > wanted.major;
  if (kVersion.minor != wanted.minor) return kVersion.minor > wanted.minor;
  return kVersion.patch >= wanted.patch;
}

void add_process_info() {
  add_class_method(
      "NSProcessInfo", "processInfo", +[](Class*, Selector) -> Object* {
        static Object* only = make_immortal(new ProcessInfo);
        return only;
      });
  add_method("NSProcessInfo", "operatingSystemVersion", +[](ProcessInfo*, Selector) { return kVersion; });
  add_method(
      "NSProcessInfo", "operatingSystemVersionString",
      +[](ProcessInfo*, Selector) -> Object* { return autoreleased_string("Version 14.0 (softmetal)"); });
  add_method("NSProcessInfo", "isOperatingSystemAtLeastVersion:", &is_at_least);
  add_method(
      "NSProcessInfo", "processorCount",
      +[](ProcessInfo*, Selector) -> unsigned long { return std::thread::hardware_concurrency(); });
  add_method(
      "NSProcessInfo", "physicalMemory", +[](ProcessInfo*, Selector) -> unsigned long long {
        return static_cast<unsigned long long>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
      });
}

void add_url() {
  allocate_with<Url>("NSURL");
  add_class_method(
      "NSURL", "fileURLWithPath:", +[](Class*, Selector, Object* path) -> Object* {
        return autorelease(new Url(std::string(text_of(path))));
      });
  add_method(
      "NSURL", "initFileURLWithPath:", +[](Url* self, Selector, Object* path) -> Object* {
        self->path = text_of(path);
        return self;
      });
  add_method(
      "NSURL", "path", +[](Url* self, Selector) -> Object* { return autoreleased_string(self->path); });
  add_method(
      "NSURL", "absoluteString",
      +[](Url* self, Selector) -> Object* { return autoreleased_string(self->description()); });
}

void add_data() {
  allocate_with<Data>("NSData");
  add_class_method(
      "NSData",
      "dataWithBytes:length:", +[](Class*, Selector, const void* bytes, unsigned long length) -> Object* {
        auto* begin = static_cast<const char*>(bytes);
        return autorelease(new Data({begin, begin + length}));
      });
  add_method("NSData", "bytes", +[](Data* self, Selector) -> const void* { return self->bytes.data(); });
  add_method("NSData", "length", +[](Data* self, Selector) -> unsigned long { return self->bytes.size(); });
}

}  // namespace

void add_system_methods() {
  allocate_with<PoolObject>("NSAutoreleasePool");
  // Only -drain or -release of its owner ends it; both do the same.
  add_method("NSAutoreleasePool", "drain", +[](PoolObject* self, Selector) { release(self); });
  add_process_info();
  add_url();
  add_data();
}

}  // namespace softmetal
