// MTLDevice.
#pragma once

#include <atomic>
#include <memory>

#include "metal/executor.h"
#include "metal/memory.h"
#include "objc/object.h"
#include "settings/profile.h"

namespace softmetal {

struct Device : Object {
  explicit Device(const Profile& profile);
  ~Device() override;

  const Profile& profile;
  Account allocated = std::make_shared<std::atomic<uint64_t>>(0);
  Executor compiler;  // newLibrary... and newComputePipelineState... with a completion handler
};

// The one device of the profile that the settings name, retained; made when there is none.
Device* retained_default_device();

// A buffer's bytes, entered into `account`: null, with a report where Metal's validation has one, when there
// are none to be had.
std::shared_ptr<Memory> allocate_buffer_memory(Device& device, uint64_t length, uint64_t options,
                                               const char* call, const Account& account);

void register_device();
void register_device_buffers();
void register_device_shaders();

}  // namespace softmetal
