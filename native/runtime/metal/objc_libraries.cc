#include "metal/objc_libraries.h"

#include <dlfcn.h>
#include <unistd.h>

#include "error.h"
#include "metal/gpu_settings.h"
#include "own_library.h"

namespace fa::metal {

namespace {

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

bool is_there(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

/// Empty at the top.
std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string software_library() {
  if (const std::string named = software_library_setting(); !named.empty()) return named;
  const std::string folder = folder_of(own_library_path());
  const std::string beside = folder + "/" + kSoftwareLibrary;
  if (is_there(beside)) return beside;
  for (std::string root = folder; !root.empty(); root = folder_of(root)) {
    const std::string built = root + "/" + kSoftwareBuild + "/" + kMachine + "/" + kSoftwareLibrary;
    if (is_there(built)) return built;
  }
  refuse_device("device", std::string("'software', but there is no ") + kSoftwareLibrary + " in " + folder +
                              " nor in a checkout around it; " + kSoftwareLibraryVariable + " can name one");
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
