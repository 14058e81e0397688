// Adds our two ops to the TensorFlow of this process, and keeps the devices that their kernels run on.
#pragma once
#include <memory>
#include <string>

#include "runtime/device.h"

namespace fa::tensorflow {

struct Ops {
  std::string forward;   ///< name to run it by
  std::string backward;  ///< name to run it by
  int64_t device;        ///< value of the ops' attribute `device`
};

/// Registers the ops on the first call in this process, from any thread, and opens one device per
/// configuration.
///
/// TensorFlow aborts the process when an op is registered twice. Two loaded copies of this binary therefore
/// must not share a name, and a name of each copy's own also keeps its callers on its own kernels, whatever
/// the versions are: the name ends in the address of a static object, which no other mapped binary has, and
/// we are never unmapped. The names are not stored anywhere; saved models know layers, not ops.
/// @throws Error HOST_INCOMPATIBLE, BACKEND_UNAVAILABLE
Ops register_ops(const DeviceConfig& config);

/// @throws Error INTERNAL when no register_ops() gave that number
std::shared_ptr<Device> device_at(int64_t index);

}  // namespace fa::tensorflow
