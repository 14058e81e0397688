#include "addon/promise_worker.h"

#include <utility>

namespace fa {

namespace {

/// An Error value made with plain Node-API: this also runs while an environment ends, where every call may
/// fail.
napi_value plain_error(napi_env env, const Failure& failure) {
  const auto text = [&](const std::string& value) {
    napi_value result = nullptr;
    napi_create_string_utf8(env, value.c_str(), value.size(), &result);
    return result;
  };
  napi_value error = nullptr;
  if (napi_create_error(env, nullptr, text(failure.message), &error) != napi_ok) return nullptr;
  napi_set_named_property(env, error, "code", text(failure.code));
  napi_set_named_property(env, error, "argument", text(failure.argument));
  return error;
}

/// False while an environment ends; node-addon-api would abort the process on the first call that fails then.
bool runs_javascript(napi_env env) {
  napi_value object = nullptr;
  return napi_create_object(env, &object) == napi_ok &&
         napi_set_named_property(env, object, "probe", object) == napi_ok;
}

}  // namespace

Napi::Value PromiseWorker::start(Napi::Env env, Napi::Object held, Steps steps) {
  std::unique_ptr<PromiseWorker> worker(new PromiseWorker(std::move(steps)));
  napi_value promise = nullptr;
  NAPI_THROW_IF_FAILED(env, napi_create_promise(env, &worker->deferred_, &promise), Napi::Value());
  NAPI_THROW_IF_FAILED(env, napi_create_reference(env, held, 1, &worker->held_), Napi::Value());
  const Napi::String name = Napi::String::New(env, "fa-metal");
  NAPI_THROW_IF_FAILED(
      env, napi_create_async_work(env, nullptr, name, execute, complete, worker.get(), &worker->work_),
      Napi::Value());
  NAPI_THROW_IF_FAILED(env, napi_queue_async_work(env, worker->work_), Napi::Value());
  worker.release();  // complete() owns it now
  return Napi::Value(env, promise);
}

void PromiseWorker::execute(napi_env, void* self) {
  auto* worker = static_cast<PromiseWorker*>(self);
  try {
    worker->steps_.run();
  } catch (...) {
    worker->failure_ = failure_of(std::current_exception());
  }
}

void PromiseWorker::complete(napi_env env, napi_status status, void* self) {
  const std::unique_ptr<PromiseWorker> worker(static_cast<PromiseWorker*>(self));
  worker->settle(env, status);
}

napi_value PromiseWorker::resolution(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  if (!steps_.value || !runs_javascript(env)) return value;
  try {
    value = steps_.value(env);
  } catch (...) {
    failure_ = failure_of(std::current_exception());
  }
  return value;
}

void PromiseWorker::settle(napi_env env, napi_status status) {
  // Results of the calls below do not matter: when one fails, the environment is ending and nobody waits.
  if (steps_.settled) steps_.settled();
  if (status == napi_cancelled)
    failure_ = Failure{"DEVICE_CLOSED", "device",
                       "[attention] device: expected an open device, got one that is ending"};
  const napi_value value = failure_ ? nullptr : resolution(env);
  if (failure_) {
    napi_reject_deferred(env, deferred_, plain_error(env, *failure_));
  } else {
    napi_resolve_deferred(env, deferred_, value);
  }
  napi_delete_reference(env, held_);
  napi_delete_async_work(env, work_);
}

}  // namespace fa
