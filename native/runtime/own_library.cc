#include "own_library.h"

#include <dlfcn.h>

namespace fa {

std::string own_library_path() {
  Dl_info info{};
  const bool found = dladdr(reinterpret_cast<const void*>(&own_library_path), &info) != 0;
  return found && info.dli_fname != nullptr ? info.dli_fname : "";
}

void pin_own_library() {
  const std::string path = own_library_path();
  if (!path.empty()) dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace fa
