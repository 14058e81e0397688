// Included before everything else: Node provides the N-API functions when it loads the binary. Being weak
// they may also stay missing, so that a host without Node, such as Python's ONNX Runtime, can load the same
// file.
#pragma once

#define NAPI_EXTERN __attribute__((weak, visibility("default")))
