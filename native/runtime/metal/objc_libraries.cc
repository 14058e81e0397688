#include "metal/objc_libraries.h"

#include <dlfcn.h>

#include <filesystem>

#include "error.h"
#include "metal/gpu_settings.h"
#include "own_library.h"

namespace fa::metal {

namespace {

namespace files = std::filesystem;

/// The software device, for development: beside this binary, or where a checkout builds it.
constexpr const char* kSoftwareLibrary = "libsoftmetal.so";
constexpr const char* kSoftwareBuild = "native/softmetal/build";

#if defined(__x86_64__)
constexpr const char* kMachine = "x86_64";
#else
constexpr const char* kMachine = "aarch64";
#endif

// In macOS these are not files on disk but parts of the system's shared cache, so they are never looked for.
// CoreGraphics first: without it there may be no default device.
constexpr const char* kSystemLibraries[] = {
    "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics",
    "/System/Library/Frameworks/Foundation.framework/Foundation",
    "/System/Library/Frameworks/Metal.framework/Metal",
    "/usr/lib/libobjc.A.dylib",
};

[[noreturn]] void refuse_device(const char* argument, const std::string& got) {
  refuse(ErrorCode::BACKEND_UNAVAILABLE, argument, "one that runs here, backend 'cpu'", got);
}

void* open_library(const std::string& path, const char* argument) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  const char* reason = dlerror();
  refuse_device(argument, reason == nullptr ? path + ", which does not load" : reason);
}

std::string software_library() {
  if (const std::string named = software_library_setting(); !named.empty()) return named;
  std::error_code ignored;
  const files::path folder = files::absolute(own_library_path(), ignored).parent_path();
  if (files::exists(folder / kSoftwareLibrary, ignored)) return folder / kSoftwareLibrary;
  for (files::path root = folder; root.has_relative_path(); root = root.parent_path()) {
    const files::path built = root / kSoftwareBuild / kMachine / kSoftwareLibrary;
    if (files::exists(built, ignored)) return built;
  }
  refuse_device("device", std::string("'software', but there is no ") + kSoftwareLibrary + " in " +
                              folder.string() + " nor in a checkout around it; " + kSoftwareLibraryVariable +
                              " can name one");
}

}  // namespace

ObjcLibraries::ObjcLibraries(DeviceChoice choice) {
  if (choice == DeviceChoice::software) {
    handles_.push_back(open_library(software_library(), "device"));
    return;
  }
#if defined(__APPLE__)
  for (const char* path : kSystemLibraries) handles_.push_back(open_library(path, "backend"));
  handles_.push_back(RTLD_DEFAULT);  // blocks are in libSystem
#else
  static_cast<void>(kSystemLibraries);
  refuse_device("backend", "'metal', but this system has no Metal; it exists on macOS only");
#endif
}

void* ObjcLibraries::symbol(const char* name) const {
  for (void* handle : handles_) {
    if (void* address = dlsym(handle, name)) return address;
  }
  refuse_device("backend", std::string("'metal', but ") + name + " is missing");
}

}  // namespace fa::metal
