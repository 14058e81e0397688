// softmetal.h's functions for tests in JavaScript. Finds the software device that the process has loaded.
#include <dlfcn.h>
#include <node_api.h>

#include <string>

namespace {

std::string text_of(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &length);
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

template <typename Function>
Function* find(napi_env env, const char* name) {
  static void* const library = dlopen("libsoftmetal.so", RTLD_NOW | RTLD_NOLOAD);
  auto* found = library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
  if (found == nullptr) napi_throw_error(env, nullptr, "the software device is not loaded");
  return found;
}

struct Arguments {
  napi_value value[3] = {};

  Arguments(napi_env env, napi_callback_info info) {
    size_t count = 3;
    napi_get_cb_info(env, info, &count, value, nullptr, nullptr);
  }
};

napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value set(napi_env env, napi_callback_info info) {
  const Arguments given(env, info);
  auto* call = find<int(const char*, const char*)>(env, "softmetal_set");
  if (call == nullptr) return nullptr;
  return number(env, call(text_of(env, given.value[0]).c_str(), text_of(env, given.value[1]).c_str()));
}

napi_value inject(napi_env env, napi_callback_info info) {
  const Arguments given(env, info);
  auto* call = find<int(const char*, uint64_t, uint64_t)>(env, "softmetal_inject");
  if (call == nullptr) return nullptr;
  int64_t which = 0;
  int64_t times = 0;
  napi_get_value_int64(env, given.value[1], &which);
  napi_get_value_int64(env, given.value[2], &times);
  const std::string fault = text_of(env, given.value[0]);
  return number(env, call(fault.c_str(), static_cast<uint64_t>(which), static_cast<uint64_t>(times)));
}

napi_value clear_faults(napi_env env, napi_callback_info) {
  if (auto* call = find<void()>(env, "softmetal_clear_faults")) call();
  return nullptr;
}

napi_value live_objects(napi_env env, napi_callback_info info) {
  const Arguments given(env, info);
  auto* call = find<size_t(const char*)>(env, "softmetal_live_objects");
  if (call == nullptr) return nullptr;
  const std::string name = text_of(env, given.value[0]);
  return number(env, static_cast<double>(call(name.empty() ? nullptr : name.c_str())));
}

/// Of the buffers that the device has made and that live.
napi_value allocated_bytes(napi_env env, napi_callback_info) {
  auto* create = find<void*()>(env, "MTLCreateSystemDefaultDevice");
  auto* select = find<void*(const char*)>(env, "sel_registerName");
  auto* send = find<uint64_t(void*, void*)>(env, "objc_msgSend");
  if (create == nullptr || select == nullptr || send == nullptr) return nullptr;
  void* const device = create();
  const uint64_t bytes = send(device, select("currentAllocatedSize"));
  send(device, select("release"));
  return number(env, static_cast<double>(bytes));
}

napi_value reports(napi_env env, napi_callback_info) {
  auto* call = find<const char*()>(env, "softmetal_reports");
  if (call == nullptr) return nullptr;
  napi_value result = nullptr;
  napi_create_string_utf8(env, call(), NAPI_AUTO_LENGTH, &result);
  return result;
}

/// Of all dispatches since the last time, summed by kernel.
napi_value take_counts(napi_env env, napi_callback_info) {
  auto* call = find<const char*()>(env, "softmetal_counts_by_kernel");
  auto* clear = find<void()>(env, "softmetal_clear_counts");
  if (call == nullptr || clear == nullptr) return nullptr;
  napi_value result = nullptr;
  napi_create_string_utf8(env, call(), NAPI_AUTO_LENGTH, &result);
  clear();
  return result;
}

napi_value start(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"set", nullptr, set, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"inject", nullptr, inject, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"clearFaults", nullptr, clear_faults, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"liveObjects", nullptr, live_objects, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"allocatedBytes", nullptr, allocated_bytes, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"takeCounts", nullptr, take_counts, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"reports", nullptr, reports, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions);
  return exports;
}

}  // namespace

NAPI_MODULE(software_device, start)
