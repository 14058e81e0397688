// Session and run settings, which adapters/onnxruntime has checked and brought to plain numbers and texts.
#pragma once
#include <napi.h>

#include "addon/onnxruntime_session.h"

namespace fa::ort {

SessionSettings read_session_settings(Napi::Value value);
RunSettings read_run_settings(Napi::Value value);

}  // namespace fa::ort
