#include <napi.h>

Napi::Object onnxruntime_exports(Napi::Env env) { return Napi::Object::New(env); }
