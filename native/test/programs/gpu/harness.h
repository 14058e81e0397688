// Tiny kernels through the real Gpu on the software device, for the programs in this folder.
#pragma once
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "error.h"
#include "fa/bindings.h"
#include "metal/gpu.h"

void test_faults();
void test_run();
void test_threads();

namespace test {

inline void expect(bool truth, const std::string& what) {
  if (truth) return;
  std::printf("failed: %s\n", what.c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

// ---- the software device's own controls
inline void* software_symbol(const char* name) {
  static void* library = dlopen(std::getenv("FA_METAL_SOFTWARE_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, name);
  expect(symbol != nullptr, std::string("the software device has ") + name);
  return symbol;
}

inline size_t live_objects(const char* class_name = nullptr) {
  return reinterpret_cast<size_t (*)(const char*)>(software_symbol("softmetal_live_objects"))(class_name);
}

/// Strikes at the n-th event from now, `times` in a row.
inline void inject(const char* fault, uint64_t n, uint64_t times = 1) {
  using Inject = int (*)(const char*, uint64_t, uint64_t);
  expect(reinterpret_cast<Inject>(software_symbol("softmetal_inject"))(fault, n, times) == 0, fault);
}

inline void clear_faults() { reinterpret_cast<void (*)()>(software_symbol("softmetal_clear_faults"))(); }

inline void set(const char* name, const char* value) {
  using Set = int (*)(const char*, const char*);
  expect(reinterpret_cast<Set>(software_symbol("softmetal_set"))(name, value) == 0, name);
}

/// The objects of a finished call go when the device's threads have let go of them, a little later.
inline bool comes_down_to(size_t count) {
  for (int tries = 0; tries < 6000 && live_objects() > count; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return live_objects() <= count;
}

// ---- kernels: a variant's instantiation is its whole text
inline std::string whole_text(const fa::MetalVariant& variant) { return variant.instantiation; }

inline fa::MetalVariant variant_of(const char* host_name, const char* text, int threads = 32) {
  fa::MetalVariant variant{};
  variant.host_name = host_name;
  variant.instantiation = text;
  variant.threads = threads;
  return variant;
}

inline std::unique_ptr<fa::metal::Gpu> open() {
  fa::DeviceConfig config;
  config.device = fa::DeviceChoice::software;
  return fa::metal::open_gpu(config, whole_text);
}

// ---- tensors and parameters
inline fa::Tensor tensor_of(float* data, std::vector<int64_t> shape, std::vector<int64_t> strides = {}) {
  fa::Tensor tensor;
  tensor.data = reinterpret_cast<std::byte*>(data);
  tensor.rank = static_cast<int>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape.begin());
  if (strides.empty()) {
    fa::pack_strides(tensor);
  } else {
    std::copy(strides.begin(), strides.end(), tensor.strides.begin());
  }
  tensor.bytes = static_cast<size_t>(fa::span_bytes(tensor).value());
  return tensor;
}

struct Params {
  int count;
  int first_task;
};

/// 32 elements a task.
inline fa::metal::Dispatch dispatch_of(const fa::MetalVariant& variant, int count,
                                       std::vector<fa::metal::Binding> bindings, int stage = 0) {
  fa::metal::Dispatch dispatch;
  dispatch.variant = &variant;
  dispatch.bindings = std::move(bindings);
  const Params params{count, -1};
  fa::metal::Parameters given{fa::binding::kParams, std::vector<std::byte>(sizeof params)};
  std::memcpy(given.bytes.data(), &params, sizeof params);
  dispatch.parameters.push_back(std::move(given));
  dispatch.first_task_offset = offsetof(Params, first_task);
  dispatch.tasks = (count + 31) / 32;
  dispatch.stage = stage;
  return dispatch;
}

/// The code of the Error that `body` throws, and its message through `message`.
inline std::string code_of(const std::function<void()>& body, std::string* message = nullptr) {
  try {
    body();
  } catch (const fa::Error& error) {
    if (message != nullptr) *message = error.what();
    return fa::to_string(error.code());
  }
  return "none";
}

inline const char* const kHead = R"(
#include <metal_stdlib>
using namespace metal;
struct Params { int count; int first_task; };
)";

}  // namespace test
