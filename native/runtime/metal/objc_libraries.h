// Where the Objective-C runtime and Metal come from.
#pragma once
#include <string>
#include <vector>

#include "generated/enums.h"

namespace fa::metal {

/// The libraries of one kind of device. They stay loaded.
class ObjcLibraries {
 public:
  /// @throws Error BACKEND_UNAVAILABLE with the loader's words
  explicit ObjcLibraries(DeviceChoice choice);

  /// @throws Error BACKEND_UNAVAILABLE that names it
  void* symbol(const char* name) const;

 private:
  std::vector<void*> handles_;
};

}  // namespace fa::metal
