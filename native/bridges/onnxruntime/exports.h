// This library, as ONNX Runtime loads it.
#pragma once
#include <string>

namespace fa::ort {

/// Path of the file that holds this code.
const std::string& library_path();

}  // namespace fa::ort
