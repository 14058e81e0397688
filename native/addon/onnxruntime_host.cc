#include "addon/onnxruntime_host.h"

#include <dlfcn.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "bridges/onnxruntime/exports.h"

namespace fa::ort {
namespace {

bool is_onnxruntime(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return std::string_view(slash == nullptr ? path : slash + 1).starts_with("libonnxruntime.");
}

std::vector<std::string> loaded_libraries() {
  std::vector<std::string> paths;
#ifdef __APPLE__
  for (uint32_t i = 0; i < _dyld_image_count(); ++i) {
    const char* path = _dyld_get_image_name(i);
    if (path != nullptr && is_onnxruntime(path)) paths.emplace_back(path);
  }
#else
  const auto add = [](dl_phdr_info* image, size_t, void* list) {
    const char* path = image->dlpi_name;
    if (path != nullptr && is_onnxruntime(path))
      static_cast<std::vector<std::string>*>(list)->emplace_back(path);
    return 0;
  };
  dl_iterate_phdr(add, &paths);
#endif
  return paths;
}

std::string find_library(const std::string& folder) {
  const std::vector<std::string> paths = loaded_libraries();
  for (const std::string& path : paths) {
    if (path.starts_with(folder + "/")) return path;
  }
  if (paths.size() == 1) return paths.front();
  std::string found = paths.empty() ? "none" : "several:";
  for (const std::string& path : paths) found += " " + path;
  throw Error(
      ErrorCode::HOST_INCOMPATIBLE, "",
      "[register] ONNX Runtime: expected one loaded library, in " + folder + " or elsewhere, got " + found);
}

const OrtApiBase* api_base(const std::string& library) {
  using GetApiBase = const OrtApiBase* (*)();
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_NOLOAD);
  const auto get = handle == nullptr ? nullptr : reinterpret_cast<GetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get == nullptr) {
    throw Error(ErrorCode::HOST_INCOMPATIBLE, "",
                "[register] ONNX Runtime: expected OrtGetApiBase in " + library + ", got none");
  }
  return get();
}

/// Our device among those of all registered providers: another copy of this library may have one of the same
/// name.
const OrtEpDevice* find_device(const OrtApi* api, const OrtEnv* env) {
  const OrtEpDevice* const* devices = nullptr;
  size_t count = 0;
  check(api->GetEpDevices(env, &devices, &count));
  for (size_t i = 0; i < count; ++i) {
    if (std::strcmp(api->EpDevice_EpName(devices[i]), kProviderName) != 0) continue;
    const char* path = api->GetKeyValue(api->EpDevice_EpMetadata(devices[i]), "library_path");
    if (path != nullptr && library_path() == path) return devices[i];
  }
  return nullptr;
}

void register_provider(AttachedHost& attached) {
  const OrtApi* api = attached.host.api;
  check(api->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "fa-metal", &attached.env));
  const std::string name = "fa-metal " + library_path();
  check(api->RegisterExecutionProviderLibrary(attached.env, name.c_str(), library_path().c_str()));
  attached.device = find_device(api, attached.env);
  if (attached.device == nullptr) {
    throw Error(
        ErrorCode::HOST_INCOMPATIBLE, "",
        "[register] ONNX Runtime " + attached.version + ": expected a CPU among its devices, got none");
  }
}

}  // namespace

const AttachedHost& attach_host(const std::string& folder) {
  static auto* mutex = new std::mutex;
  static auto* attached_hosts = new std::map<std::string, AttachedHost>;
  const std::lock_guard lock(*mutex);
  const std::string library = find_library(folder);
  if (const auto known = attached_hosts->find(library); known != attached_hosts->end()) return known->second;

  const OrtApiBase* base = api_base(library);
  AttachedHost attached;
  attached.host = open_host(base);
  attached.version = base->GetVersionString();
  attached.library = library;
  try {
    register_provider(attached);
  } catch (const HostFailure& failure) {
    throw error_of(attached.host.api, failure.status, ErrorCode::HOST_INCOMPATIBLE, "");
  }
  return attached_hosts->emplace(library, std::move(attached)).first->second;
}

Error error_of(const OrtApi* api, OrtStatus* status, ErrorCode code, const char* argument) {
  const std::string message = api->GetErrorMessage(status);
  api->ReleaseStatus(status);
  constexpr std::string_view kMarker = "FaMetalError{";
  const size_t start = message.find(kMarker);
  const size_t bar = message.find('|', start == std::string::npos ? message.size() : start);
  const size_t end = message.find("}: ", bar == std::string::npos ? message.size() : bar);
  if (end == std::string::npos) return Error(code, argument, "[onnxruntime] " + message);
  const size_t code_start = start + kMarker.size();
  const auto own = parse_error_code(message.substr(code_start, bar - code_start));
  return Error(own.value_or(ErrorCode::INTERNAL), message.substr(bar + 1, end - bar - 1),
               message.substr(end + 3));
}

}  // namespace fa::ort
