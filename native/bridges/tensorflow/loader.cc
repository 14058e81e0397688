#include "loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <mutex>

#if defined(__APPLE__)
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#include "runtime/error.h"

namespace fa::tensorflow {
namespace {

std::vector<std::string> loaded_images() {
  std::vector<std::string> paths;
#if defined(__APPLE__)
  for (uint32_t i = 0; i < _dyld_image_count(); ++i) {
    if (const char* name = _dyld_get_image_name(i)) paths.emplace_back(name);
  }
#else
  dl_iterate_phdr(
      [](dl_phdr_info* image, size_t, void* paths) {
        if (image->dlpi_name) static_cast<std::vector<std::string>*>(paths)->emplace_back(image->dlpi_name);
        return 0;
      },
      &paths);
#endif
  return paths;
}

/// Smaller is searched earlier; -1 = not a TensorFlow library. The framework library holds the registries on
/// every platform; Python's wheels before 2.12 have the rest in _pywrap_tensorflow_internal.
int search_rank(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.starts_with("libtensorflow_framework.")) return 0;
  if (name.starts_with("libtensorflow_cc.") || name.starts_with("libtensorflow.")) return 1;
  if (name.starts_with("_pywrap_tensorflow_internal.")) return 2;
  return -1;
}

CApi load() {
  const auto paths = loaded_libraries();
  std::vector<void*> handles;
  for (const auto& path : paths) {
    if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD)) handles.push_back(handle);
  }
  if (handles.empty()) {
    refuse(ErrorCode::HOST_INCOMPATIBLE, "", "a process that has loaded libtensorflow", "one without it");
  }
  handles.push_back(RTLD_DEFAULT);

  CApi api;
  const auto find = [&](const char* symbol) {
    for (void* handle : handles) {
      if (void* address = dlsym(handle, symbol)) return address;
    }
    refuse(ErrorCode::HOST_INCOMPATIBLE, "", std::string("the symbol ") + symbol + " in " + paths.front(),
           "a TensorFlow without it (2.7 or newer has it)");
  };
#define FA_TENSORFLOW_FIND(name, result, arguments) \
  api.name = reinterpret_cast<decltype(api.name)>(find(#name));
  FA_TENSORFLOW_SYMBOLS(FA_TENSORFLOW_FIND)
#undef FA_TENSORFLOW_FIND
  return api;
}

}  // namespace

std::vector<std::string> loaded_libraries() {
  auto paths = loaded_images();
  std::erase_if(paths, [](const std::string& path) { return search_rank(path) < 0; });
  std::stable_sort(paths.begin(), paths.end(),
                   [](const auto& a, const auto& b) { return search_rank(a) < search_rank(b); });
  return paths;
}

const CApi& c_api() {
  static std::mutex mutex;
  // Never destroyed: TensorFlow deletes its kernels after our static objects are gone.
  static const CApi* api = nullptr;
  std::lock_guard lock(mutex);
  if (!api) api = new CApi(load());
  return *api;
}

void pin_this_binary() {
  Dl_info image{};
  void* self = nullptr;
  if (dladdr(reinterpret_cast<void*>(&pin_this_binary), &image) != 0 && image.dli_fname) {
    self = dlopen(image.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
  if (!self) {
    const char* reason = dlerror();
    refuse(ErrorCode::HOST_INCOMPATIBLE, "", "to keep this binary loaded", reason ? reason : "no image name");
  }
}

}  // namespace fa::tensorflow
