// What ONNX Runtime looks up in this library: the plugin provider's entry points and RegisterCustomOps.
#include "exports.h"

#include <dlfcn.h>

#include <map>
#include <memory>
#include <mutex>

#include "bridges/process_device.h"
#include "custom_ops.h"
#include "execution_provider.h"

namespace fa::ort {
namespace {

struct Factory : OrtEpFactory {
  Host host;
  CustomOpDomain domain;

  explicit Factory(const Host& host) : OrtEpFactory{}, host(host), domain(host.api, kProviderName) {}
};

Factory& self(OrtEpFactory* factory) { return *static_cast<Factory*>(factory); }

/// One device for each CPU that the host found: tensors stay in host memory, so nothing is copied at our
/// borders.
OrtStatus* ORT_API_CALL get_supported_devices(OrtEpFactory* factory, const OrtHardwareDevice* const* devices,
                                              size_t count, OrtEpDevice** ours, size_t capacity,
                                              size_t* found) noexcept {
  const Host& host = self(factory).host;
  *found = 0;
  return guarded(host.api, [&] {
    for (size_t i = 0; i < count && *found < capacity; ++i) {
      if (host.api->HardwareDevice_Type(devices[i]) != OrtHardwareDeviceType_CPU) continue;
      check(host.ep->CreateEpDevice(factory, devices[i], nullptr, nullptr, &ours[*found]));
      ++*found;
    }
  });
}

OrtStatus* ORT_API_CALL create_ep(OrtEpFactory* factory, const OrtHardwareDevice* const*,
                                  const OrtKeyValuePairs* const*, size_t, const OrtSessionOptions*,
                                  const OrtLogger*, OrtEp** provider) noexcept {
  const Host& host = self(factory).host;
  return guarded(host.api, [&] {
    process_device();  // without a device there is no session, rather than one that runs elsewhere in silence
    *provider = create_provider(host);
  });
}

/// ONNX Runtime calls this whether or not a factory has a data transfer.
OrtStatus* ORT_API_CALL create_data_transfer(OrtEpFactory*, OrtDataTransferImpl** transfer) noexcept {
  *transfer = nullptr;
  return nullptr;
}

OrtStatus* ORT_API_CALL get_custom_domains(OrtEpFactory* factory, OrtCustomOpDomain** domains,
                                           size_t count) noexcept {
  if (count > 0) domains[0] = self(factory).domain.get();
  return nullptr;
}

std::unique_ptr<Factory> make_factory(const Host& host) {
  auto factory = std::make_unique<Factory>(host);
  factory->ort_version_supported = kApiVersion;
  factory->GetName = [](const OrtEpFactory*) noexcept { return kProviderName; };
  factory->GetVendor = [](const OrtEpFactory*) noexcept { return "fa-metal"; };
  factory->GetVendorId = [](const OrtEpFactory*) noexcept -> uint32_t { return 0; };
  factory->GetVersion = [](const OrtEpFactory*) noexcept { return "0.1.0"; };
  factory->GetSupportedDevices = get_supported_devices;
  factory->CreateEp = create_ep;
  factory->ReleaseEp = [](OrtEpFactory*, OrtEp* provider) noexcept { release_provider(provider); };
  factory->CreateDataTransfer = create_data_transfer;
  factory->IsStreamAware = [](const OrtEpFactory*) noexcept { return false; };
  factory->GetNumCustomOpDomains = [](OrtEpFactory*, size_t* count) noexcept -> OrtStatus* {
    *count = 1;
    return nullptr;
  };
  factory->GetCustomOpDomains = get_custom_domains;
  return factory;
}

/// Runs body with the host's tables; a host that is too old gets the refusal as a status of its own.
template <typename Body>
OrtStatus* with_host(const OrtApiBase* base, Body&& body) noexcept {
  const OrtApi* api = any_api(base);
  if (api == nullptr) return nullptr;
  return guarded(api, [&] { body(open_host(base)); });
}

/// Sessions may use the domain for as long as the process lives, so it is never released.
OrtCustomOpDomain* process_domain(const OrtApi* api) {
  static auto* mutex = new std::mutex;
  static auto* domains = new std::map<const OrtApi*, std::unique_ptr<CustomOpDomain>>;
  const std::lock_guard lock(*mutex);
  auto& domain = (*domains)[api];
  if (domain == nullptr) domain = std::make_unique<CustomOpDomain>(api, nullptr);
  return domain->get();
}

}  // namespace

const std::string& library_path() {
  static const auto* path = [] {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&library_path), &info);
    return new std::string(info.dli_fname == nullptr ? "" : info.dli_fname);
  }();
  return *path;
}

}  // namespace fa::ort

extern "C" {

__attribute__((visibility("default"))) OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base,
                                                                    const OrtLogger*,
                                                                    OrtEpFactory** factories, size_t capacity,
                                                                    size_t* count) {
  *count = 0;
  return fa::ort::with_host(base, [&](const fa::ort::Host& host) {
    if (capacity == 0) return;
    factories[0] = fa::ort::make_factory(host).release();
    *count = 1;
  });
}

__attribute__((visibility("default"))) OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<fa::ort::Factory*>(factory);
  return nullptr;
}

__attribute__((visibility("default"))) OrtStatus* RegisterCustomOps(OrtSessionOptions* options,
                                                                    const OrtApiBase* base) {
  return fa::ort::with_host(base, [&](const fa::ort::Host& host) {
    fa::ort::check(host.api->AddCustomOpDomain(options, fa::ort::process_domain(host.api)));
  });
}

}  // extern "C"
