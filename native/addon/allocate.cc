#include "addon/allocate.h"

#include <memory>

#include "addon/error_value.h"
#include "addon/value_reader.h"
#include "error.h"
#include "pages.h"

namespace fa {

namespace {

Napi::Value pages_value(Napi::Env env, size_t bytes) {
  using Held = std::shared_ptr<Pages>;
  auto held = std::make_unique<Held>(Pages::allocate(bytes));
  napi_value buffer = nullptr;
  const auto let_go = [](napi_env, void*, void* hint) { delete static_cast<Held*>(hint); };
  const napi_status status =
      napi_create_external_arraybuffer(env, (*held)->data(), bytes, let_go, held.get(), &buffer);
  if (status == napi_ok) {
    held.release();
    return Napi::Value(env, buffer);
  }
  // Hosts with a memory cage, such as Electron, take no memory but their own; that works, with a copy on a
  // GPU.
  if (status == napi_no_external_buffers_allowed) return Napi::ArrayBuffer::New(env, bytes);
  throw Napi::Error::New(env);
}

}  // namespace

Napi::Value allocate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const OpScope op("alloc");
    const int64_t bytes = read_integer("bytes", info[0], "a byte count");
    if (bytes < 0) refuse_value("bytes", "a byte count", info[0]);
    if (bytes == 0) return Napi::ArrayBuffer::New(info.Env(), 0);
    return pages_value(info.Env(), static_cast<size_t>(bytes));
  });
}

}  // namespace fa
