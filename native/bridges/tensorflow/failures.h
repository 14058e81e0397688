// Hands errors from kernels to JavaScript whole. tfjs-node cuts a kernel's message after 500 bytes and
// TensorFlow wraps it in text of its own, so the message carries a number and the error waits here under it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "c_api.h"
#include "runtime/error.h"

namespace fa::tensorflow {

/// Keeps the error; the text to give TensorFlow, "fa-metal failure <number>: CODE: message".
std::string keep_failure(const Error& error);

/// Takes a kept error out; the newest 256 are kept.
std::optional<Error> take_failure(uint64_t number);

TF_Code status_code(ErrorCode code);

}  // namespace fa::tensorflow
