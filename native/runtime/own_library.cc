#include "own_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>

namespace fa {

std::string own_library_path() {
  Dl_info info{};
  const bool found = dladdr(reinterpret_cast<const void*>(&own_library_path), &info) != 0;
  if (!found || info.dli_fname == nullptr) return "";
  // A program's own name may be as it was called, relative to the folder of then.
  const std::unique_ptr<char, void (*)(void*)> whole(realpath(info.dli_fname, nullptr), std::free);
  return whole ? whole.get() : info.dli_fname;
}

void pin_own_library() {
  const std::string path = own_library_path();
  if (!path.empty()) dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace fa
