#include "metal/gpu_device.h"

#include <mutex>

#include "error.h"

namespace fa::metal {

namespace {

constexpr NSInteger kAppleFamilies = 1000;  // MTLGPUFamilyApple1 is 1001
constexpr int kNewestFamily = 20;           // names of families to come are asked for, too
constexpr int kOldestFamily = 7;            // M1, A14: the first with matrix operations for 32-bit floats

// bfloat is in version 3.1 of the shading language, which is in macOS 14.
constexpr NSInteger kSystemWithBfloat = 14;
constexpr NSUInteger kLanguage30 = (3 << 16) + 0;
constexpr NSUInteger kLanguage31 = (3 << 16) + 1;

struct SystemVersion {
  NSInteger major, minor, patch;
};

int family_of(const Objc& objc, Id device) {
  for (int family = kNewestFamily; family > 0; --family) {
    if (objc.send<bool>(device, "supportsFamily:", kAppleFamilies + family)) return family;
  }
  return 0;
}

bool has_bfloat(const Objc& objc) {
  const Id process = objc.send<Id>(objc.class_named("NSProcessInfo"), "processInfo");
  return objc.send<bool>(process, "isOperatingSystemAtLeastVersion:", SystemVersion{kSystemWithBfloat, 0, 0});
}

/// The default device, else the first one of all: in some sandboxes and without a screen there is only one of
/// the two.
Owned find_device(const Objc& objc) {
  if (Owned device = objc.adopt(objc.create_default_device())) return device;
  const Owned all = objc.adopt(objc.copy_all_devices());
  if (!all || objc.send<NSUInteger>(all.get(), "count") == 0) return {};
  return objc.retain(objc.send<Id>(all.get(), "objectAtIndex:", NSUInteger{0}));
}

/// The system's device is found once and kept for the process. The software device may be another one the
/// next time, as its profile says.
Owned device_of(const Objc& objc, bool software) {
  if (software) return find_device(objc);
  static std::mutex mutex;
  static auto* kept = new Owned;
  const std::lock_guard lock(mutex);
  if (!*kept) *kept = find_device(objc);
  return *kept ? objc.retain(kept->get()) : Owned();
}

Capabilities capabilities_of(const Objc& objc, Id device, bool software) {
  Capabilities found;
  found.name = objc.text(objc.send<Id>(device, "name"));
  found.family = family_of(objc, device);
  found.software = software;
  found.bfloat = has_bfloat(objc);
  found.threadgroup_bytes = static_cast<int64_t>(objc.send<NSUInteger>(device, "maxThreadgroupMemoryLength"));
  found.max_buffer_bytes = static_cast<int64_t>(objc.send<NSUInteger>(device, "maxBufferLength"));
  found.working_set_bytes = static_cast<int64_t>(objc.send<uint64_t>(device, "recommendedMaxWorkingSetSize"));
  return found;
}

}  // namespace

GpuDevice open_gpu_device(const DeviceConfig& config) {
  const bool software = config.device == DeviceChoice::software;
  const char* argument = software ? "device" : "backend";
  const Objc& objc = Objc::load(config.device);
  const AutoreleasePool pool(objc);
  Owned device = device_of(objc, software);
  if (!device) {
    refuse(ErrorCode::BACKEND_UNAVAILABLE, argument, "a GPU with Metal", "none");
  }
  Capabilities capabilities = capabilities_of(objc, device.get(), software);
  if (capabilities.family < kOldestFamily) {
    refuse(ErrorCode::BACKEND_UNAVAILABLE, argument,
           "a GPU of the family Apple" + std::to_string(kOldestFamily) + " (M1, A14) or later",
           capabilities.name);
  }
  return {objc, std::move(device), std::move(capabilities)};
}

NSUInteger language_version(const Capabilities& capabilities) {
  return capabilities.bfloat ? kLanguage31 : kLanguage30;
}

}  // namespace fa::metal
