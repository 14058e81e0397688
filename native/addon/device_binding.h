// A device as a JavaScript object; packages/core/src/native.ts is its declaration.
#pragma once
#include <napi.h>

#include <memory>

#include "addon/promise_worker.h"
#include "device.h"

namespace fa {

Napi::Object info_value(Napi::Env env, const DeviceInfo& info);

class DeviceBinding : public Napi::ObjectWrap<DeviceBinding> {
 public:
  /// The function `openDevice(config)` of this environment.
  static Napi::Function open_function(Napi::Env env);

  explicit DeviceBinding(const Napi::CallbackInfo& info);

 private:
  static Napi::Value open(const Napi::CallbackInfo& info);

  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value plan(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);
  void backward(const Napi::CallbackInfo& info);
  Napi::Value forward_async(const Napi::CallbackInfo& info);
  Napi::Value backward_async(const Napi::CallbackInfo& info);
  Napi::Value warm_up_async(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  void expect_open() const;
  void call_settled();

  std::shared_ptr<Device> device_;
  int pending_ = 0;  ///< asynchronous calls that have not settled
  bool closed_ = false;
};

}  // namespace fa
