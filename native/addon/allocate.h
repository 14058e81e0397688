// Page-aligned memory as an ArrayBuffer, which a GPU can use without a copy.
#pragma once
#include <napi.h>

namespace fa {

/// allocate(bytes): zeroed, in pages of its own up to the end of the last one; freed with the ArrayBuffer.
Napi::Value allocate(const Napi::CallbackInfo& info);

}  // namespace fa
