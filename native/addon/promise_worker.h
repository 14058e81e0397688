// Work on libuv's threads that settles a promise.
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <optional>

#include "addon/error_value.h"

namespace fa {

class PromiseWorker {
 public:
  struct Steps {
    std::function<void()> run;      ///< on a worker thread; what it throws rejects the promise
    std::function<void()> settled;  ///< on the JavaScript thread, before the promise settles; may be empty
    /// On the JavaScript thread, after success: what the promise resolves to, undefined where empty. What it
    /// throws rejects the promise.
    std::function<napi_value(Napi::Env)> value = nullptr;
  };

  /// @param held kept alive until the promise settles
  static Napi::Value start(Napi::Env env, Napi::Object held, Steps steps);

 private:
  explicit PromiseWorker(Steps steps) : steps_(std::move(steps)) {}

  static void execute(napi_env env, void* self);
  static void complete(napi_env env, napi_status status, void* self);
  void settle(napi_env env, napi_status status);
  napi_value resolution(napi_env env);

  Steps steps_;
  std::optional<Failure> failure_;
  napi_async_work work_ = nullptr;
  napi_deferred deferred_ = nullptr;
  napi_ref held_ = nullptr;
};

}  // namespace fa
