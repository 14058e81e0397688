// The device: profiles, limits, what is found by name.
#include <dlfcn.h>

#include "client.h"

using namespace client;

extern "C" id MTLCopyAllDevices();

namespace {

struct Expected {
  const char *profile, *name, *architecture;
  long newest_family;
};
constexpr Expected kProfiles[] = {{"apple7", "Apple M1", "applegpu_g13g", 1007},
                                  {"apple8", "Apple M2", "applegpu_g14g", 1008},
                                  {"apple9", "Apple M3", "applegpu_g15g", 1009},
                                  {"apple10", "Apple M5", "applegpu_g17g", 1010}};

TEST("each profile has its name, architecture and families") {
  for (const Expected& expected : kProfiles) {
    Pool pool;
    Setting profile("profile", expected.profile);
    Owned device(MTLCreateSystemDefaultDevice());
    CHECK_EQUAL(text(send<id>(device.get(), "name")), expected.name);
    CHECK_EQUAL(text(send<id>(send<id>(device.get(), "architecture"), "name")), expected.architecture);
    CHECK(send<bool>(device.get(), "supportsFamily:", expected.newest_family));
    CHECK(!send<bool>(device.get(), "supportsFamily:", expected.newest_family + 1));
    CHECK(send<bool>(device.get(), "supportsFamily:", 5001L));   // Metal 3
    CHECK(!send<bool>(device.get(), "supportsFamily:", 2003L));  // there is none
    CHECK(send<NSUInteger>(device.get(), "registryID") != 0);
  }
}

TEST("an unknown profile is refused by the setting") {
  CHECK(softmetal_set("profile", "apple6") != 0);
  CHECK_CONTAINS(std::string(softmetal_last_error()), "apple6");
}

TEST("limits and traits are those of an Apple GPU") {
  Gpu gpu;
  id device = gpu.device.get();
  Size most = send<Size>(device, "maxThreadsPerThreadgroup");
  CHECK_EQUAL(most.width, 1024u);
  CHECK_EQUAL(most.height, 1024u);
  CHECK_EQUAL(most.depth, 1024u);
  CHECK_EQUAL(send<NSUInteger>(device, "maxThreadgroupMemoryLength"), 32768u);
  CHECK(send<NSUInteger>(device, "maxBufferLength") >= NSUInteger{1} << 32);
  CHECK(send<NSUInteger>(device, "recommendedMaxWorkingSetSize") >= NSUInteger{1} << 32);
  CHECK_EQUAL(send<NSUInteger>(device, "argumentBuffersSupport"), 1u);
  CHECK_EQUAL(send<NSUInteger>(device, "readWriteTextureSupport"), 2u);
  CHECK(send<bool>(device, "hasUnifiedMemory"));
  CHECK(!send<bool>(device, "isLowPower"));
  CHECK(!send<bool>(device, "isRemovable"));
}

TEST("every client sees one device object") {
  Owned first(MTLCreateSystemDefaultDevice()), second(MTLCreateSystemDefaultDevice()),
      all(MTLCopyAllDevices());
  CHECK(first.get() == second.get());
  CHECK_EQUAL(send<NSUInteger>(all.get(), "count"), 1u);
  CHECK(send<id>(all.get(), "objectAtIndex:", NSUInteger{0}) == first.get());
}

TEST("constant strings are found by name") {
  const std::pair<const char*, const char*> constants[] = {
      {"MTLLibraryErrorDomain", "MTLLibraryErrorDomain"},
      {"MTLCommandBufferErrorDomain", "MTLCommandBufferErrorDomain"},
      {"MTLCommonCounterSetTimestamp", "timestamp"},
      {"MTLCommonCounterTimestamp", "GPUTimestamp"}};
  for (const auto& [symbol, value] : constants) {
    auto* address = static_cast<id*>(dlsym(RTLD_DEFAULT, symbol));
    CHECK(address != nullptr);
    if (address) CHECK_EQUAL(text(*address), value);
  }
}

TEST("what is not modelled is refused by name") {
  Gpu gpu;
  take_reports();
  CHECK(send<id>(gpu.device.get(), "newTextureWithDescriptor:", nil) == nil);
  std::string reports = take_reports();
  CHECK_CONTAINS(reports, "unsupported");
  CHECK_CONTAINS(reports, "-[MTLDevice newTextureWithDescriptor:]");
}

}  // namespace
