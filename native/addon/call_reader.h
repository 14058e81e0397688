// Whole calls, as JavaScript states them: see NativeForwardCall and its neighbours in
// packages/core/src/native.ts.
#pragma once
#include <napi.h>

#include "addon/tensor_reader.h"
#include "call.h"
#include "device.h"
#include "problem.h"

namespace fa {

/// What plan() is asked about.
struct PlanQuery {
  AttentionInputs inputs;
  AttentionOptions options;
  Direction direction = Direction::forward;
  uint32_t gradients = 0;  ///< of options, wanted by a backward pass: bits of Feature
};

/// The memory is in place when these return; `views` holds it.
void read_forward_call(Napi::Value value, ForwardCall& call, BufferViews& views);
void read_backward_call(Napi::Value value, BackwardCall& call, BufferViews& views);
PlanQuery read_plan_query(Napi::Value value);
DeviceConfig read_device_config(Napi::Value value);

}  // namespace fa
