// The same header in a host that links nothing and looks everything up, as one must that also runs on a Mac.
#define SOFTMETAL_OBJC_DYNAMIC
#include <dlfcn.h>

#include "check.h"
#include "softmetal/objc.h"
#include "softmetal/softmetal.h"

using namespace softmetal::objc;

namespace {

struct Version {
  NSInteger major, minor, patch;
};

TEST("the first function that cannot be found is named") {
  const char* missing = load([](const char* name) -> void* {
    return std::strcmp(name, "objc_retain") ? dlsym(RTLD_DEFAULT, name) : nullptr;
  });
  CHECK_EQUAL(std::string(missing ? missing : "none"), "objc_retain");
}

TEST("messages, structure results and ownership without linking") {
  CHECK(load([](const char* name) { return dlsym(RTLD_DEFAULT, name); }) == nullptr);
  size_t before = softmetal_live_objects(nullptr);
  {
    Pool pool;
    Owned kept = Owned::retaining(string("text"));
    CHECK_EQUAL(text(kept.get()), "text");
    id process = send<id>(class_named("NSProcessInfo"), "processInfo");
    CHECK(send<Version>(process, "operatingSystemVersion").major >= 14);
    CHECK_EQUAL(send<Version>(nil, "operatingSystemVersion").major, 0);
  }
  CHECK_EQUAL(softmetal_live_objects(nullptr), before);
}

}  // namespace
