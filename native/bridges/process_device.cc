#include "process_device.h"

#include <charconv>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "error.h"
#include "generated/limits.h"
#include "own_library.h"

namespace fa {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

[[noreturn]] void refuse_variable(const char* name, const std::string& expected) {
  refuse(ErrorCode::INVALID_ENVIRONMENT, name, expected, "'" + std::string(variable(name)) + "'");
}

int threads_from_environment() {
  const char* name = "FA_METAL_THREADS";
  const std::string_view text = variable(name);
  if (text.empty()) return 0;
  int64_t threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size() || threads < 0 ||
      threads > kMaxSoftwareThreads) {
    refuse_variable(name, "a whole number from 0 (one per core) to " + std::to_string(kMaxSoftwareThreads));
  }
  return static_cast<int>(threads);
}

}  // namespace

DeviceConfig config_from_environment() {
  const OpScope scope("environment");
  DeviceConfig config;
  if (const auto text = variable("FA_METAL_BACKEND"); !text.empty()) {
    const auto backend = parse_backend_choice(text);
    if (!backend) refuse_variable("FA_METAL_BACKEND", kBackendChoiceNames);
    config.backend = *backend;
  }
  if (const auto text = variable("FA_METAL_DEVICE"); !text.empty()) {
    const auto device = parse_device_choice(text);
    if (!device) refuse_variable("FA_METAL_DEVICE", kDeviceChoiceNames);
    config.device = *device;
  }
  config.threads = threads_from_environment();
  return config;
}

namespace {

struct ProcessDevice {
  std::shared_ptr<Device> device;
  bool threads_chosen;
};

const ProcessDevice& opened_once() {
  // Never destroyed: static destructors run after the hosts are gone, and the pool's threads with them.
  static auto* mutex = new std::mutex;
  static ProcessDevice* opened = nullptr;
  const std::lock_guard lock(*mutex);
  if (opened == nullptr) {
    const DeviceConfig config = config_from_environment();
    auto device = Device::open(config);
    // The device's threads outlive every host object, so this library must never be unmapped under them.
    pin_own_library();
    opened = new ProcessDevice{std::move(device), config.threads > 0};
  }
  return *opened;
}

}  // namespace

Device& process_device() { return *opened_once().device; }

bool process_threads_chosen() { return opened_once().threads_chosen; }

OutputShapes checked_output_shapes(const AttentionInputs& inputs, const AttentionOptions& options,
                                   Direction direction) {
  const OutputShapes shapes = output_shapes(describe(inputs, options, direction));
  const auto plan = process_device().plan(inputs, options, direction);
  if (const auto* refusal = std::get_if<Refusal>(&plan)) raise(*refusal);
  return shapes;
}

}  // namespace fa
