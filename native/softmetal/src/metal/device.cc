#include "metal/device.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "metal/property.h"
#include "metal/types.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLDevice";

// Devices alive, so that every client sees the same one. No reference is held.
struct Devices {
  std::mutex mutex;
  std::map<const Profile*, Device*> alive;
};
Devices& devices() {
  static auto* all = new Devices;
  return *all;
}

// False when the last reference is just going.
bool try_retain(Object& object) {
  int64_t references = object.references;
  while (references > 0) {
    if (object.references.compare_exchange_weak(references, references + 1)) return true;
  }
  return false;
}

struct Architecture : Object {
  explicit Architecture(std::string name) : Object(class_named("MTLArchitecture")), name(std::move(name)) {}
  std::string name;
};

Object* architecture(Device* device, Selector) {
  return autoreleased(Ref<Architecture>::adopt(new Architecture(device->profile.architecture)));
}

bool supports_family(Device* device, Selector, int64_t family) {
  const auto& families = device->profile.families;
  return std::find(families.begin(), families.end(), family) != families.end();
}

Size max_threads(Device* device, Selector) {
  uint64_t most = device->profile.max_threads_per_threadgroup;
  return {most, most, most};
}

template <bool Value>
bool constant(Device*, Selector) {
  return Value;
}

template <uint64_t Value>
uint64_t number(Device*, Selector) {
  return Value;
}

template <auto Field>
uint64_t of_profile(Device* device, Selector) {
  return device->profile.*Field;
}

void register_limits() {
  add_method(kClass, "registryID", of_profile<&Profile::registry_id>);
  add_method(kClass, "maxThreadsPerThreadgroup", max_threads);
  add_method(kClass, "maxThreadgroupMemoryLength", of_profile<&Profile::max_threadgroup_memory_length>);
  add_method(kClass, "maxBufferLength", of_profile<&Profile::max_buffer_length>);
  add_method(kClass, "recommendedMaxWorkingSetSize", of_profile<&Profile::recommended_max_working_set_size>);
  add_method(
      kClass, "currentAllocatedSize",
      +[](Device* device, Selector) -> uint64_t { return *device->allocated; });
  add_method(kClass, "argumentBuffersSupport", number<1>);   // tier 2
  add_method(kClass, "readWriteTextureSupport", number<2>);  // tier 2
  add_method(kClass, "maxArgumentBufferSamplerCount", number<1024>);
  add_method(kClass, "sparseTileSizeInBytes", number<16384>);
  add_method(kClass, "location", number<0>);  // built in
  add_method(kClass, "locationNumber", number<0>);
  add_method(kClass, "peerGroupID", number<0>);
  add_method(kClass, "maxTransferRate", number<0>);
}

void register_traits() {
  for (const char* yes : {"hasUnifiedMemory", "areRasterOrderGroupsSupported",
                          "supportsShaderBarycentricCoordinates", "supportsPullModelInterpolation"}) {
    add_method(kClass, yes, constant<true>);
  }
  for (const char* no :
       {"isLowPower", "isRemovable", "isHeadless", "supportsRaytracing", "supportsFunctionPointers",
        "supportsDynamicLibraries", "isDepth24Stencil8PixelFormatSupported"}) {
    add_method(kClass, no, constant<false>);
  }
}

}  // namespace

Device::Device(const Profile& profile) : Object(class_named(kClass)), profile(profile) {}

Device::~Device() {
  std::lock_guard lock(devices().mutex);
  auto found = devices().alive.find(&profile);
  if (found != devices().alive.end() && found->second == this) devices().alive.erase(found);
}

Device* retained_default_device() {
  const Profile* profile = find_profile(current_settings().profile);
  if (!profile) return nullptr;
  std::lock_guard lock(devices().mutex);
  Device*& device = devices().alive[profile];
  if (!device || !try_retain(*device)) device = new Device(*profile);
  return device;
}

void register_device() {
  add_method(
      kClass, "name",
      +[](Device* device, Selector) -> Object* { return autoreleased_string(device->profile.name); });
  add_method(kClass, "architecture", architecture);
  add_getter<&Architecture::name>("MTLArchitecture", "name");
  add_method(kClass, "supportsFamily:", supports_family);
  register_limits();
  register_traits();
}

}  // namespace softmetal
